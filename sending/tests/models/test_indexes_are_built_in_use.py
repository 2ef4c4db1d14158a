"""An index is added to a partitioned table that is in use, partition by partition, and a run that was cut off is ended
by the next."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.migrations.state import ProjectState

from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import make_world
from sending.models import Message
from sending.models.partitioned import AddPartitionedIndex

NAME = "message_by_size_of_nothing"


@pytest.fixture
def operation(transactional_db: None) -> Any:
    yield AddPartitionedIndex("message", models.Index(fields=["account", "attempts"], name=NAME))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {NAME}")


def run(operation: AddPartitionedIndex) -> None:
    state = ProjectState.from_apps(apps)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("sending", editor, state, state)


def validity() -> list[bool]:
    """Of the index and of its parts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = %s::regclass OR i.indexrelid IN "
            "(SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass)",
            [NAME, NAME],
        )
        return [is_valid for (is_valid,) in cursor.fetchall()]


def test_each_partition_gets_its_part_and_a_second_run_finishes_the_first(operation: AddPartitionedIndex) -> None:
    make_message(make_world().domain)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass", [Message._meta.db_table])
        [partitions] = cursor.fetchone()
        # Cut off after the parent's and before any part.
        cursor.execute(f"CREATE INDEX {NAME} ON ONLY sending_message (account_id, attempts)")
    assert validity() == [False]
    run(operation)
    assert validity() == [True] * (partitions + 1)
    run(operation)
    assert validity() == [True] * (partitions + 1)
