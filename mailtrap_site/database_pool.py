"""A few threads for an event loop's questions to the database, which would block it. Each keeps its connection."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Result = TypeVar("Result")


class DatabasePool:
    """Threads start with the first calls, so after every fork."""

    def __init__(self, threads: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._databases: set[BaseDatabaseWrapper] = set()

    async def run(self, call: Callable[[], Result]) -> Result:
        """The result of a call that blocks."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._with_fresh_connection, call)

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
        finally:
            close_old_connections()
            self._databases.add(connections["default"])
