"""The statistics page: rates between their limits, links to the log, one table with a choice of grouping, its file."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mailtrap_site.testing.world import World, make_domain
from sending.tests.stats.counting import happen

pytestmark = pytest.mark.django_db


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ").split())


def some(world: World) -> None:
    now = timezone.now()
    happen(world.domain, now, provider="Google", category="Receipt", delivered=98, bounced=2, opened=49, clicked=10)
    happen(world.domain, now - timedelta(days=2), provider="Yahoo", category="News", stream="bulk", delivered=94)
    happen(world.domain, now - timedelta(days=2), provider="Yahoo", category="News", stream="bulk", bounced=6, spam=1)
    happen(world.domain, now - timedelta(days=9), provider="Google", delivered=40)
    happen(world.stranger_domain, now, provider="Outlook", delivered=1000)


def test_an_account_that_sent_nothing_sees_what_will_appear(world: World, as_alice: Client) -> None:
    assert "Nothing to count yet" in text_of(as_alice, f"/a/{world.account.pk}/statistics/")


def test_rates_stand_between_their_limits_and_are_compared_with_the_time_before(world: World, as_alice: Client) -> None:
    some(world)
    page = text_of(as_alice, f"/a/{world.account.pk}/statistics/")
    assert "96 %<small>192</small>" in page
    assert "100 % · 40 in the 7 days before" in page
    assert "4 %<small>8</small>" in page
    assert "Watch" in page
    assert "0.52 %<small>1</small>" in page
    assert "25.5 %<small>49</small>" in page
    assert "20.4 % of the opened" in page
    assert "Outlook" not in page


def test_the_sentence_above_the_table_says_where_the_trouble_is(world: World, as_alice: Client) -> None:
    some(world)
    page = text_of(as_alice, f"/a/{world.account.pk}/statistics/")
    assert "<b>The trouble is with Yahoo.</b> 6 % bounced: 6 of 100; elsewhere it is 2 %." in page
    assert page.index(">Google</a>") < page.index(">Yahoo</a>")


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        ("domain", ["example.test"]),
        ("stream", ["Transactional", "Bulk"]),
        ("category", ["Receipt", "News"]),
        ("time", []),
    ],
)
def test_the_table_groups_as_one_likes_and_its_file_agrees(
    world: World, as_alice: Client, by: str, shown: list[str]
) -> None:
    some(world)
    page = text_of(as_alice, f"/a/{world.account.pk}/statistics/?by={by}")
    for word in shown:
        assert f">{word}</a>" in page
    answer = as_alice.get(f"/a/{world.account.pk}/statistics/table/?by={by}")
    head, *lines = b"".join(answer.streaming_content).decode().split()  # type: ignore[attr-defined]
    assert head.startswith(f"{by},delivered,bounced,")
    assert sum(int(line.split(",")[1]) for line in lines) == 192
    assert len(lines) == (7 if by == "time" else len(shown))


def test_filters_and_ranges_narrow_and_stay_in_every_link(world: World, as_alice: Client) -> None:
    some(world)
    here = f"/a/{world.account.pk}/statistics/"
    assert "<small>94</small>" in text_of(as_alice, f"{here}?stream=bulk")
    assert "<small>98</small>" in text_of(as_alice, f"{here}?provider=Google&category=Receipt")
    assert "<small>0</small>" in text_of(as_alice, f"{here}?domain={world.stranger_domain.pk}")
    assert "<small>98</small>" in text_of(as_alice, f"{here}?range=24h")
    assert "<small>232</small>" in text_of(as_alice, f"{here}?range=30d")
    today = timezone.now().date()
    page = text_of(
        as_alice, f"{here}?range=dates&since={today - timedelta(days=9)}&until={today}&stream=bulk&by=domain"
    )
    assert "<small>94</small>" in page
    assert f"&amp;after={today - timedelta(days=9)}&amp;until={today}" in page
    assert "range=30d&amp;by=domain" in page
    for odd in ("range=dates&since=x&until=y", "range=1y&by=nothing&domain=-1&stream=sms", "domain=9" + "9" * 30):
        text_of(as_alice, f"{here}?{odd}")
    assert "could not be read" in text_of(as_alice, f"{here}?range=dates&since=x&until=2026-01-01")


def test_each_bar_leads_to_the_log_of_its_day_and_the_same_numbers_stand_in_a_table(
    world: World, as_alice: Client
) -> None:
    some(world)
    day = (timezone.now() - timedelta(days=2)).date()
    page = text_of(as_alice, f"/a/{world.account.pk}/statistics/?stream=bulk")
    assert f'href="/a/{world.account.pk}/log/?stream=bulk&amp;after={day}&amp;until={day}"' in page
    assert "94 delivered, 6 bounced, 0 rejected" in page
    assert '<td class="number">94</td><td class="number">6</td><td class="number">0</td>' in page


def test_only_members_see_them_and_the_last_days_of_another_domain_stay_apart(world: World, as_alice: Client) -> None:
    some(world)
    shop = make_domain(world.account, "shop.test")
    happen(shop, timezone.now(), delivered=5)
    assert "<small>5</small>" in text_of(as_alice, f"/a/{world.account.pk}/statistics/?domain={shop.pk}")
    assert as_alice.get(f"/a/{world.stranger_account.pk}/statistics/").status_code == 404
