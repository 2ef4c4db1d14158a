"""A thread of an engine's own for the database, so that its event loop never waits for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

from sending.delivery.results import DATABASE_AWAY

T = TypeVar("T")


class DatabaseThread:
    """One thread with one connection, which is dropped after a failure so that the next call connects anew."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`. Raises what it raises, `DATABASE_AWAY` among it."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, _with_connection, work)

    def close(self) -> None:
        """Ends the connection, then the thread."""
        self._executor.submit(lambda: connection.close()).result()
        self._executor.shutdown()


def _with_connection(work: Callable[[], T]) -> T:
    try:
        if connection.connection is None or connection.connection.closed:
            connection.close()
            connection.connect()
            # Django's connections never prepare; here a few statements run over and over.
            connection.connection.prepare_threshold = 0
        return work()
    except DATABASE_AWAY:
        connection.close()
        raise
