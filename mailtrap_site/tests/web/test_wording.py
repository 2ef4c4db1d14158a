"""Numbers, sizes and times as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailtrap_site.web.wording import (
    NBSP,
    WhenStyle,
    duration_words,
    exact_words,
    figure_words,
    percent_words,
    size_words,
    time_words,
)

NOW = datetime(2026, 11, 22, 9, 41, 30, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(("value", "words"), [(8214, "8,214"), (0, "0"), (None, "–"), (2.5, "2.5")])
def test_figures_are_grouped_by_thousands(value: float | None, words: str) -> None:
    assert figure_words(value) == words


@pytest.mark.parametrize(("ratio", "words"), [(0.0234, "2.3 %"), (0.82, "82 %"), (1, "100 %"), (0, "0 %"), (None, "–")])
def test_percents_lose_an_empty_decimal(ratio: float | None, words: str) -> None:
    assert plain(percent_words(ratio)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.164, "164 ms"), (1.84, "1.8 s"), (63, "63 s"), (300, "5 min"), (7200, "2 h"), (432_000, "5 days")],
)
def test_durations_have_the_unit_a_person_would_choose(seconds: float, words: str) -> None:
    assert plain(duration_words(seconds)) == words


@pytest.mark.parametrize(
    ("octets", "words"), [(312, "312 bytes"), (17_800, "17.8 KB"), (10_485_760, "10.5 MB"), (123_456, "123 KB")]
)
def test_sizes_are_shown_in_thousands(octets: int, words: str) -> None:
    assert plain(size_words(octets)) == words


def test_figure_and_unit_are_never_torn_apart() -> None:
    assert NBSP in percent_words(0.1)
    assert NBSP in size_words(5000)
    assert NBSP in duration_words(5)


@pytest.mark.parametrize(
    ("moment", "style", "words"),
    [
        (NOW - timedelta(seconds=12), "relative", "12 s ago"),
        (NOW - timedelta(minutes=24), "relative", "24 min ago"),
        (NOW - timedelta(hours=3), "relative", "3 h ago"),
        (NOW + timedelta(minutes=4), "relative", "in 4 min"),
        (NOW - timedelta(hours=14), "relative", "yesterday, 19:41"),
        (NOW - timedelta(days=3), "relative", "19 Nov, 09:41"),
        (NOW - timedelta(minutes=24), "clock", "09:17:30"),
        (NOW - timedelta(days=1), "clock", "yesterday, 09:41"),
        (NOW - timedelta(days=2), "clock", "20 Nov, 09:41"),
        (NOW, "day", "22 Nov"),
        (datetime(2027, 3, 14, tzinfo=UTC), "day", "14 Mar 2027"),
        (NOW, "exact", "22 Nov, 09:41:30"),
    ],
)
def test_times_are_relative_under_a_day_and_absolute_after(moment: datetime, style: WhenStyle, words: str) -> None:
    assert plain(time_words(moment, NOW, LONDON, style)) == words


def test_the_reader_sees_the_clock_of_their_own_zone() -> None:
    assert time_words(NOW, NOW, ZoneInfo("Asia/Tokyo"), "clock") == "18:41:30"
    assert exact_words(NOW, ZoneInfo("Asia/Tokyo")) == "22 Nov 2026, 18:41:30 JST"


def test_yesterday_is_the_readers_yesterday() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert time_words(late, NOW, ZoneInfo("Asia/Tokyo"), "clock") == "08:30:00"
    assert time_words(late, NOW, LONDON, "clock") == "yesterday, 23:30"
