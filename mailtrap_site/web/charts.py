"""Geometry of meters and charts: numbers in, SVG out. Pure; widths and places are attributes, never styles."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

CHART_WIDTH = 640
LEFT = 34
"""Room for the value labels left of the first bar."""
SMALLEST_PART = 2.0
GAP = 1.0


@dataclass(frozen=True, slots=True)
class Series:
    """One layer of a stack; `key` is delivered, deferred, bounced or rejected and chooses colour and pattern."""

    key: str
    word: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: its label, one value per series, where it leads, and whether its day is not over, or still ahead."""

    label: str
    values: tuple[int, ...]
    href: str = ""
    title: str = ""
    unfinished: bool = False
    ahead: bool = False
    """Its day has not come: it takes its room and shows nothing."""

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Reference:
    """A dashed line across the bars, with its sentence on it."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A dashed line through the bar of this index, with its sentence on it."""

    index: int
    label: str


@dataclass(frozen=True, slots=True)
class StackedChart:
    """A chart with all that stands around it: legend, bars, reference lines, and the table of the same numbers."""

    label: str
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    references: tuple[Reference, ...] = ()
    height: int = 190
    marks: tuple[Mark, ...] = ()
    unit: str = ""
    """What a bar is, where it is no day."""

    @property
    def counted(self) -> tuple[Bar, ...]:
        """The bars of days that have come."""
        return tuple(bar for bar in self.bars if not bar.ahead)

    @property
    def svg(self) -> str:
        return stacked_bars(
            self.series,
            self.bars,
            label=self.label,
            height=self.height,
            references=self.references,
            marks=self.marks,
        )


def percent(part: float, whole: float) -> float:
    """`part` of `whole` in percent, kept between 0 and 100; a whole of nothing is 0."""
    if whole <= 0:
        return 0.0
    return round(min(max(part / whole * 100, 0.0), 100.0), 2)


def meter_level(part: float, whole: float) -> str:
    """`calm` below 80 %, `watch` from 80, `act` from 90, `full` from 100."""
    if whole <= 0:
        return "full" if part > 0 else "calm"
    share = part / whole
    for limit, level in ((1.0, "full"), (0.9, "act"), (0.8, "watch")):
        if share >= limit:
            return level
    return "calm"


def axis_top(highest: float) -> int:
    """The smallest round even top of the value axis that holds `highest`: 2, 4, 10, 20, 50, 100 …"""
    step = 1
    while True:
        for factor in (2, 4, 10):
            if factor * step >= highest:
                return factor * step
        step *= 5 if str(step).startswith("1") else 2


def stacked_bars(
    series: Sequence[Series],
    bars: Sequence[Bar],
    *,
    label: str,
    height: int = 190,
    references: Sequence[Reference] = (),
    marks: Sequence[Mark] = (),
) -> str:
    """An SVG of one column per bar, stacked in the order of `series`; `label` names the chart."""
    top = axis_top(max([bar.total for bar in bars] + [int(line.value) for line in references] + [1]))
    ground = height - 22
    room = ground - 8
    wide = " chart-wide" if len(bars) > 14 else ""
    parts = [
        f'<svg class="chart{wide}" viewBox="0 0 {CHART_WIDTH} {height}" role="group" aria-label="{escape(label)}">',
        *_grid(top, ground, room),
    ]
    slot = (CHART_WIDTH - LEFT) / max(len(bars), 1)
    width = min(slot * 0.68, 40.0) if len(bars) <= 14 else slot * 0.66
    labelled = _labelled(bars)
    for index, bar in enumerate(bars):
        left = LEFT + slot * index + (slot - width) / 2
        if not bar.ahead:
            parts.append(_column(bar, series, left, width, ground, room, top))
        if index in labelled:
            now = ' class="now-label"' if bar.unfinished else ""
            parts.append(_text(left + width / 2, height - 6, bar.label, "middle", now))
    for line in references:
        y = ground - room * line.value / top
        parts.append(f'<line class="reference" x1="{LEFT}" x2="{CHART_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(CHART_WIDTH, y + 13, line.label, "end", ' class="reference-label"'))
    for mark in marks:
        x = LEFT + slot * (mark.index + 0.5)
        parts.append(f'<line class="reference" x1="{x:.1f}" x2="{x:.1f}" y1="{ground - room:.1f}" y2="{ground}"/>')
        anchor, aside = ("end", -5) if x > CHART_WIDTH / 2 else ("start", 5)
        parts.append(_text(x + aside, ground - room + 12, mark.label, anchor, ' class="mark-label"'))
    return "".join([*parts, "</svg>"])


def _labelled(bars: Sequence[Bar]) -> set[int]:
    """Which bars carry their label: today's always, of many only every few, and none that would run into today's."""
    every = max(1, round(len(bars) / 8)) if len(bars) > 14 else 1
    today = {index for index, bar in enumerate(bars) if bar.unfinished}
    near = {index + step for index in today for step in (-2, -1, 1, 2)} if every > 1 else set()
    return {index for index in range(0, len(bars), every) if index not in near} | today


def stack_heights(values: Sequence[int], top: float, room: float) -> list[float]:
    """The height of each layer: in proportion, but a layer that is not zero has at least two units."""
    return [0.0 if value <= 0 else max(room * value / top, SMALLEST_PART) for value in values]


def spark_bars(values: Sequence[int], *, label: str, tone: str = "", mark_last: bool = True) -> str:
    """A row of small columns on the ground line; the last one is now."""
    return _spark(_spark_columns(values, mark_last), label, tone)


def spark_line(values: Sequence[float], *, label: str, tone: str = "") -> str:
    """A line over its area, scaled between its lowest and highest value."""
    if not values:
        return _spark("", label, tone)
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = 200 / max(len(values) - 1, 1)
    points = [(index * step, 28 - 26 * (value - low) / span) for index, value in enumerate(values)]
    if len(points) == 1:
        points.append((200.0, points[0][1]))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f'<polygon class="area" points="0,32 {line} 200,32"/>'
    return _spark(f'{area}<polyline class="line" points="{line}"/>', label, tone)


def _spark_columns(values: Sequence[int], mark_last: bool) -> str:
    highest = max([*values, 1])
    step = 200 / max(len(values), 1)
    columns = []
    for index, value in enumerate(values):
        tall = 0.0 if value <= 0 else max(30 * value / highest, SMALLEST_PART)
        name = "zero" if tall == 0 else "now" if mark_last and index == len(values) - 1 else "bar"
        height = tall or 1.0
        columns.append(
            f'<rect class="{name}" x="{index * step:.1f}" y="{32 - height:.1f}" width="{step * 0.72:.1f}" '
            f'height="{height:.1f}" rx="{min(1.0, height / 2):.1f}"/>'
        )
    return "".join(columns)


def _spark(drawing: str, label: str, tone: str) -> str:
    tone_attribute = f' data-tone="{escape(tone)}"' if tone else ""
    return (
        f'<svg class="spark" viewBox="0 0 200 32" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}"{tone_attribute}>{drawing}</svg>'
    )


def _grid(top: int, ground: float, room: float) -> list[str]:
    lines = []
    for value in (top, top // 2, 0):
        y = ground - room * value / top
        name = "grid ground" if value == 0 else "grid"
        lines.append(f'<line class="{name}" x1="{LEFT}" x2="{CHART_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(_text(LEFT - 8, y + 4, _short(value), "end"))
    return lines


def _short(value: int) -> str:
    """A round value in the room beside the axis: 500, 2.5k, 1M."""
    for unit, word in ((1_000_000, "M"), (1_000, "k")):
        if value >= unit:
            return f"{value / unit:g}{word}"
    return str(value)


def _column(
    bar: Bar, series: Sequence[Series], left: float, width: float, ground: float, room: float, top: float
) -> str:
    floor = ground
    parts = []
    for layer, height in zip(series, stack_heights(bar.values, top, room), strict=True):
        if height == 0:
            continue
        drawn = max(height - GAP, SMALLEST_PART - GAP) if floor < ground else height
        name = "series-today" if bar.unfinished and layer is series[0] else f"series-{escape(layer.key)}"
        parts.append(
            f'<rect class="part {name}" x="{left:.1f}" y="{floor - height:.1f}" width="{width:.1f}" '
            f'height="{drawn:.1f}" rx="1.5"/>'
        )
        floor -= height
    title = bar.title or f"{bar.label}: {bar.total:,}"
    hit = f'<rect class="hit" x="{left:.1f}" y="{ground - room:.1f}" width="{width:.1f}" height="{room:.1f}"/>'
    inside = f"<title>{escape(title)}</title>{hit}{''.join(parts)}"
    if bar.href:
        return f'<a href="{escape(bar.href)}" aria-label="{escape(title)}">{inside}</a>'
    return f'<g role="img" aria-label="{escape(title)}">{inside}</g>'


def _text(x: float, y: float, words: str, anchor: str, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra} aria-hidden="true">{escape(words)}</text>'
