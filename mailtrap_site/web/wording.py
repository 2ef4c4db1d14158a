"""Numbers, sizes and times in the words of the interface. Figure and unit are joined by a no-break space."""

from datetime import datetime, timedelta, tzinfo
from typing import Literal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

NBSP = "\N{NO-BREAK SPACE}"
WhenStyle = Literal["relative", "clock", "day", "exact"]


def figure_words(value: float | None) -> str:
    """8214 → 8,214; nothing → a dash."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def percent_words(ratio: float | None, digits: int = 1) -> str:
    """0.0234 → 2.3 %; whole numbers lose their zero; nothing → a dash."""
    if ratio is None:
        return "–"
    text = f"{ratio * 100:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + f"{NBSP}%"


def duration_words(seconds: float | None) -> str:
    """0.164 → 164 ms; 1.84 → 1.8 s; 63 → 63 s; 300 → 5 min; 7200 → 2 h; 200000 → 2 days."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f}{NBSP}ms"
    if seconds < 10:
        return f"{seconds:.1f}{NBSP}s"
    if seconds < 120:
        return f"{seconds:.0f}{NBSP}s"
    if seconds < 7200:
        return f"{seconds / 60:.0f}{NBSP}min"
    if seconds < 172_800:
        return f"{seconds / 3600:.0f}{NBSP}h"
    return _("%(count)s days") % {"count": f"{seconds / 86_400:.0f}"}


def size_words(octets: int | None) -> str:
    """17800 → 17.8 KB, in thousands, as a mail program shows it."""
    if octets is None:
        return "–"
    if octets < 1000:
        return f"{octets}{NBSP}" + _("bytes")
    for unit, size in (("KB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if octets < size * 999.5 or unit == "GB":
            amount = octets / size
            return (f"{amount:.0f}" if amount >= 100 else f"{amount:.1f}") + f"{NBSP}{unit}"
    raise AssertionError("the last unit holds every size")


def time_words(moment: datetime, now: datetime, zone: tzinfo, style: WhenStyle = "relative") -> str:
    """How a moment reads at `now` in the reader's zone: relative under a day, absolute after."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if style == "exact":
        return f"{_day(local, today)}, {local:%H:%M:%S}"
    if style == "day":
        return _day(local, today)
    days_back = (today.date() - local.date()).days
    if style == "clock" and days_back == 0:
        return f"{local:%H:%M:%S}"
    if style == "relative" and abs(now - moment) < timedelta(days=1) and days_back != 1:
        return _relative((now - moment).total_seconds())
    if days_back == 1:
        return _("yesterday, %(time)s") % {"time": f"{local:%H:%M}"}
    return f"{_day(local, today)}, {local:%H:%M}"


def moment_words(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """A moment that was chosen, to the minute: 22 Nov, 10:00."""
    local = moment.astimezone(zone)
    return f"{_day(local, now.astimezone(zone))}, {local:%H:%M}"


def exact_words(moment: datetime, zone: tzinfo) -> str:
    """The whole truth, for `title`: day, year, second and zone."""
    local = moment.astimezone(zone)
    return f"{date_format(local, 'j M Y')}, {local:%H:%M:%S} {local.tzname()}"


def _relative(seconds: float) -> str:
    past, distance = seconds >= 0, abs(seconds)
    if distance < 60:
        words = f"{distance:.0f}{NBSP}s"
    elif distance < 3600:
        words = f"{distance // 60:.0f}{NBSP}min"
    else:
        words = f"{distance // 3600:.0f}{NBSP}h"
    return (_("%(duration)s ago") if past else _("in %(duration)s")) % {"duration": words}


def _day(local: datetime, today: datetime) -> str:
    words = date_format(local, "j M" if local.year == today.year else "j M Y")
    return words.replace(" ", NBSP)
