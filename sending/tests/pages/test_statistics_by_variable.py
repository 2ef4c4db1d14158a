"""Statistics by a custom variable: from the rows of the log, bounded, as a table and as a file."""

import csv
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.log import by_variable

pytestmark = pytest.mark.django_db


def send(world: World, kind: object, count: int = 1, **fields: Any) -> None:
    for _ in range(count):
        make_message(world.domain, submission={"custom_variables": {"kind": kind}}, **fields)


def lines(client: Client, world: World, query: str = "") -> list[list[str]]:
    answer = client.get(f"/a/{world.account.pk}/statistics/variables/?variable=kind&file=csv{query}")
    return list(csv.reader(answer.getvalue().decode().splitlines()))


def test_each_value_has_its_fates_and_mail_without_the_variable_is_left_out(world: World, as_alice: Client) -> None:
    send(world, "welcome", 3, opens_count=2, clicks_count=1)
    send(world, "welcome", status="bounced")
    send(world, 7, opted_out_at=datetime.now(UTC))
    make_message(world.domain)
    make_message(world.stranger_domain, submission={"custom_variables": {"kind": "secret"}})
    assert lines(as_alice, world) == [
        ["value", "emails", "delivered", "bounced", "opened", "clicked", "opted_out"],
        ["welcome", "4", "3", "1", "3", "3", "0"],
        ["7", "1", "1", "0", "0", "0", "1"],
    ]
    page = as_alice.get(f"/a/{world.account.pk}/statistics/variables/?variable=kind").content.decode()
    assert "custom_variable.equal=kind%3Dwelcome" in page


def test_range_and_filters_are_those_of_the_statistics(world: World, as_alice: Client) -> None:
    send(world, "old", at=datetime.now(UTC) - timedelta(days=2))
    send(world, "bulk", stream="bulk")
    assert [line[0] for line in lines(as_alice, world, "&range=7d")[1:]] == ["bulk", "old"]
    assert [line[0] for line in lines(as_alice, world, "&stream=bulk")[1:]] == ["bulk"]
    assert lines(as_alice, world, f"&domain={world.domain.pk + 1}")[1:] == []
    today = datetime.now(UTC).date().isoformat()
    dates = f"&range=dates&since={today}&until={today}"
    assert [line[0] for line in lines(as_alice, world, dates)[1:]] == ["bulk"]


def test_beyond_the_bound_the_newest_are_read_and_the_page_says_since_when(
    world: World, as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_variable, "MOST_ROWS", 2)
    send(world, "first", at=datetime.now(UTC) - timedelta(minutes=1))
    send(world, "second", 2)
    assert [line[:2] for line in lines(as_alice, world)[1:]] == [["second", "2"]]
    page = as_alice.get(f"/a/{world.account.pk}/statistics/variables/?variable=kind").content.decode()
    assert "The newest 20,000 emails were read" in page


def test_hostile_names_find_nothing(world: World, as_alice: Client) -> None:
    send(world, "secret value")
    for name in ("%", "'; --", "\0kind2", "x" * 5_000, "<script>alert(1)</script>", "0"):
        answer = as_alice.get(f"/a/{world.account.pk}/statistics/variables/", {"variable": name})
        assert answer.status_code == 200
        assert "secret value" not in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()
