"""Geometry of charts and meters."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.web.charts import (
    Bar,
    Reference,
    Series,
    axis_top,
    meter_level,
    percent,
    spark_bars,
    spark_line,
    stack_heights,
    stacked_bars,
)

SERIES = (Series("delivered", "Delivered"), Series("bounced", "Bounced"))


@given(st.integers(0, 10**9))
def test_the_axis_holds_the_highest_value_and_its_half_is_whole(highest: int) -> None:
    top = axis_top(highest)
    assert top >= highest
    assert top % 2 == 0
    assert top <= max(2, highest * 2.5)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_every_part_that_is_not_zero_can_be_seen(values: list[int]) -> None:
    heights = stack_heights(values, axis_top(max(sum(values), 1)), 160)
    assert all((height >= 2) == (value > 0) for height, value in zip(heights, values, strict=True))


@given(st.integers(0, 10**9), st.integers(-5, 10**9))
def test_a_percent_stays_between_nothing_and_all(part: int, whole: int) -> None:
    assert 0 <= percent(part, whole) <= 100


def test_the_level_changes_at_80_90_and_100_percent() -> None:
    levels = [meter_level(used, 1000) for used in (0, 799, 800, 899, 900, 999, 1000, 1200)]
    assert levels == ["calm", "calm", "watch", "watch", "act", "act", "full", "full"]
    assert meter_level(0, 0) == "calm"
    assert meter_level(1, 0) == "full"


@given(
    st.lists(st.tuples(st.text(max_size=8), st.integers(0, 999), st.integers(0, 999)), max_size=40),
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=20),
)
def test_whatever_the_numbers_and_words_the_drawing_is_well_formed(
    days: list[tuple[str, int, int]], words: str
) -> None:
    bars = [Bar(words, (good, bad), href=f"/?day={words}&x=1") for _, good, bad in days]
    drawing = stacked_bars(SERIES, bars, label=words, references=[Reference(333, words)])
    root = ElementTree.fromstring(drawing)
    assert root.get("aria-label") == words
    assert len(root.findall("a")) == len(bars)


def test_each_bar_leads_somewhere_and_says_its_numbers() -> None:
    drawing = stacked_bars(
        SERIES, [Bar("Mon", (3, 1), href="/log/?day=mon", title="Monday: 3 delivered")], label="Week"
    )
    assert 'href="/log/?day=mon"' in drawing
    assert "<title>Monday: 3 delivered</title>" in drawing
    assert "series-bounced" in drawing


def test_the_day_that_is_not_over_is_drawn_pale() -> None:
    drawing = stacked_bars(SERIES, [Bar("today", (3, 0), unfinished=True)], label="Week")
    assert "series-today" in drawing
    assert "series-delivered" not in drawing


def test_large_values_are_short_beside_the_axis() -> None:
    drawing = stacked_bars(SERIES, [Bar("Mon", (3_900, 0)), Bar("Tue", (0, 0))], label="Week")
    assert ">5k</text>" in drawing
    assert ">2.5k</text>" in drawing


def test_a_sparkline_marks_now_and_keeps_zero_on_the_ground() -> None:
    columns = ElementTree.fromstring(spark_bars([0, 4, 2], label="By hour"))
    assert [column.get("class") for column in columns] == ["zero", "bar", "now"]


@given(st.lists(st.floats(0, 1e6), max_size=40))
def test_a_line_is_drawn_of_any_values_none_and_one_included(values: list[float]) -> None:
    assert ElementTree.fromstring(spark_line(values, label="Rate")).get("role") == "img"


def test_no_drawing_carries_a_style() -> None:
    bars = [Bar("Mon", (3, 1))]
    assert "style=" not in stacked_bars(SERIES, bars, label="x") + spark_bars([1], label="x") + spark_line(
        [1], label="x"
    )
