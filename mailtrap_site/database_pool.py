"""A few threads for an event loop's questions to the database, which would block it. Each keeps its connection."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import psycopg
from django.db import close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Result = TypeVar("Result")


MOST_WAITING = 500
"""Calls, for a thread or in one."""


class PoolIsFull(TimeoutError):
    """So many calls wait already that a further one would wait in vain."""


class DatabasePool:
    """Threads start with the first calls, so after every fork."""

    def __init__(self, threads: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._databases: set[BaseDatabaseWrapper] = set()
        self._waiting = 0

    async def run(self, call: Callable[[], Result]) -> Result:
        """The result of a call that blocks. Raises `PoolIsFull`."""
        if self._waiting >= MOST_WAITING:
            raise PoolIsFull
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._with_fresh_connection, call)
        finally:
            self._waiting -= 1

    def submit(self, call: Callable[[], Result]) -> "Future[Result]":
        """The same without an event loop; whoever calls bounds what waits."""
        return self._threads.submit(self._with_fresh_connection, call)

    def close(self) -> None:
        """Ends the threads once they are idle, and their connections."""
        self._threads.shutdown()
        for database in self._databases:
            database.inc_thread_sharing()
            database.close()

    def _with_fresh_connection(self, call: Callable[[], Result]) -> Result:
        """Runs it on this thread's connection, renewing one that is old or broken."""
        close_old_connections()
        try:
            return call()
        except psycopg.Error:
            # Django has not seen it, and would go on with a connection that may be broken.
            connections["default"].close()
            raise
        finally:
            close_old_connections()
            self._databases.add(connections["default"])
