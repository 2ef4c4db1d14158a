"""What an account used, as a file for spreadsheets."""

import csv
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, User
from billing.models import UsageDay, UsagePeriod
from billing.periods import period_of
from mailtrap_site.testing.world import World


def get(user: User, world: World, name: str = "usage_csv", **query: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(reverse(f"billing:{name}", args=[world.account.pk]), query)


def lines_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(StringIO(b"".join(answer.streaming_content).decode())))


def period(world: World, starts_at: datetime | None = None, used: int = 0) -> UsagePeriod:
    running = period_of(world.account.created_at, timezone.now())
    begins = starts_at or running.starts_at
    ends = begins + timedelta(days=30) if starts_at else running.ends_at
    return UsagePeriod.objects.create(
        account=world.account, starts_at=begins, ends_at=ends, used=used, message_limit=4000
    )


def count(row: UsagePeriod, day: date, used: int, token_id: int = 0, domain: str = "example.test") -> None:
    UsageDay.objects.create(
        account=row.account, period=row, day=day, domain=domain, stream="bulk", token_id=token_id, used=used
    )


def test_each_day_domain_stream_and_token_of_the_current_period_has_a_line(world: World):
    row, old = period(world), period(world, timezone.now() - timedelta(days=90))
    today = timezone.now().date()
    count(old, today - timedelta(days=80), 7)
    count(row, today, 5, world.token.pk)
    count(row, today, 2, 987654)
    count(row, today, 1)
    assert lines_of(get(world.vera, world)) == [
        ["day", "domain", "stream", "token_id", "token", "emails"],
        [today.isoformat(), "example.test", "bulk", "0", "Sent from these pages", "1"],
        [today.isoformat(), "example.test", "bulk", str(world.token.pk), "Test", "5"],
        [today.isoformat(), "example.test", "bulk", "987654", "A deleted token (no. 987654)", "2"],
    ]


def test_an_older_period_is_had_by_the_day_on_which_it_began(world: World):
    old = period(world, timezone.now() - timedelta(days=90))
    count(old, old.starts_at.date(), 7)
    [_heads, line] = lines_of(get(world.vera, world, period=old.starts_at.date().isoformat()))
    assert line[-1] == "7"


def test_two_periods_that_began_on_one_day_are_one_file(world: World):
    noon = (timezone.now() - timedelta(days=90)).replace(hour=12)
    for hours, used in ((0, 3), (2, 4)):
        row = period(world, noon + timedelta(hours=hours))
        count(row, noon.date(), used)
    found = lines_of(get(world.vera, world, period=noon.date().isoformat()))
    assert [line[-1] for line in found[1:]] == ["3", "4"]


@pytest.mark.parametrize("asked", ["1999-01-01", "yesterday", "2026-13-01"])
def test_a_day_on_which_no_period_began_is_not_found(world: World, asked: str):
    period(world)
    assert get(world.vera, world, period=asked).status_code == 404


def test_an_account_that_sent_nothing_gets_the_heads_alone(world: World):
    assert len(lines_of(get(world.vera, world))) == 1


def test_a_token_whose_name_is_a_formula_is_text(world: World):
    ApiToken.objects.filter(pk=world.token.pk).update(name='=HYPERLINK("http://evil.test","open")')
    count(period(world), timezone.now().date(), 1, world.token.pk)
    assert lines_of(get(world.vera, world))[1][4] == '\'=HYPERLINK("http://evil.test","open")'


def test_all_periods_are_a_file_the_newest_first(world: World):
    old, row = period(world, timezone.now() - timedelta(days=90), used=11), period(world, used=22)
    found = lines_of(get(world.vera, world, "usage_periods_csv"))
    assert found[0] == ["starts_at", "ends_at", "emails", "given_back"]
    assert [line[0] for line in found[1:]] == [f"{one.starts_at:%Y-%m-%dT%H:%M:%SZ}" for one in (row, old)]
    assert [line[2:] for line in found[1:]] == [["22", "0"], ["11", "0"]]


def test_nobody_gets_the_days_of_another_account(world: World):
    stranger = UsagePeriod.objects.create(
        account=world.stranger_account, starts_at=timezone.now(), ends_at=timezone.now(), message_limit=1
    )
    count(stranger, timezone.now().date(), 9)
    assert len(lines_of(get(world.vera, world))) == 1
    assert get(world.charlie, world).status_code == 404


def test_the_file_is_written_while_it_is_sent(world: World, django_assert_max_num_queries: Any):
    row = period(world)
    for number in range(40):
        count(row, timezone.now().date(), 1, domain=f"d{number}.test")
    answer = get(world.vera, world)
    assert answer.streaming
    with django_assert_max_num_queries(3):
        assert len(lines_of(answer)) == 41


def test_the_page_links_to_the_files(world: World):
    row = period(world, used=3)
    text = get(world.vera, world, "usage").content.decode()
    here = f"/a/{world.account.pk}"
    assert f'href="{here}/usage.csv"' in text
    assert f'href="{here}/usage/periods.csv"' in text
    assert f'href="{here}/usage.csv?period={row.starts_at:%Y-%m-%d}"' in text
