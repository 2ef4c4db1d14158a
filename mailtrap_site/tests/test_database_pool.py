"""Threads for an event loop's questions: each keeps its connection, and a broken one is not kept."""

import asyncio
import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from mailtrap_site import database_pool
from mailtrap_site.database_pool import DatabasePool, PoolIsFull
from sending.models.statements import raw_cursor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pool() -> Iterator[DatabasePool]:
    made = DatabasePool(1, "test-database")
    yield made
    made.close()


def backend() -> int:
    raw_cursor().execute("SELECT 1")
    return int(connection.connection.info.backend_pid)


def test_a_connection_that_broke_under_psycopg_is_renewed_for_the_next_call(pool: DatabasePool):
    first = asyncio.run(pool.run(backend))
    assert asyncio.run(pool.run(backend)) == first
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [first])
    with pytest.raises(psycopg.Error):
        asyncio.run(pool.run(backend))
    assert asyncio.run(pool.run(backend)) != first


def test_a_call_that_would_wait_in_vain_is_refused_at_once(pool: DatabasePool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database_pool, "MOST_WAITING", 2)
    may_end = threading.Event()

    async def three() -> None:
        waiting = [asyncio.create_task(pool.run(lambda: may_end.wait(5))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(PoolIsFull):
            await pool.run(backend)
        may_end.set()
        await asyncio.gather(*waiting)
        assert await pool.run(backend)

    asyncio.run(three())
