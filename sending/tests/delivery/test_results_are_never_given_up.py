"""A result is tried until it is written, however long the database is away; one bad one holds up no other."""

import asyncio
from types import SimpleNamespace
from uuid import uuid4

import psycopg

from sending.delivery import results
from sending.delivery.results import Results
from sending.models import Attempt


def result():
    return SimpleNamespace(message_id=uuid4(), number=1, evidence=SimpleNamespace(outcome=Attempt.Outcome.DELIVERED))


def collect(monkeypatch, record, batch):
    """What was let go, once all was."""
    monkeypatch.setattr(results, "GATHER", 0.001)
    monkeypatch.setattr(results, "TRY_AGAIN", 0.001)
    ended = []

    async def run():
        collected = Results(record, ended.extend, asyncio.get_running_loop().create_task)
        for one in batch:
            collected.add(one)
        await asyncio.wait_for(collected.finish(), 10)

    asyncio.run(run())
    return ended


def test_an_outage_of_any_length_is_waited_out(monkeypatch):
    tries, written = [], []

    async def record(batch):
        tries.append(len(batch))
        if len(tries) <= 200:
            raise psycopg.OperationalError("could not connect")
        written.extend(one.message_id for one in batch)
        return {one.message_id for one in batch}

    batch = [result(), result()]
    assert collect(monkeypatch, record, batch) == written == [one.message_id for one in batch]
    assert set(tries) == {2}


def test_a_batch_that_is_too_much_for_the_database_is_written_one_by_one(monkeypatch):
    written = []

    async def record(batch):
        if len(batch) > 1:
            raise psycopg.errors.ProgramLimitExceeded
        written.extend(one.message_id for one in batch)
        return {one.message_id for one in batch}

    batch = [result(), result(), result()]
    collect(monkeypatch, record, batch)
    assert written == [one.message_id for one in batch]
