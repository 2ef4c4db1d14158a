"""What a page of statistics was asked for, as its address holds it: range, filters, grouping."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sending.models import Stream
from sending.stats.questions import By, Days, Hours, Question, hours_until

HOURS = "24h"
DATES = "dates"
RANGES = {"7d": 7, "30d": 30}
"""Ranges of whole days, today as the last."""
USUAL_RANGE = "7d"
MOST_DAYS = 92
"""That one page shows; more are shortened to the last so many."""
GROUPS: dict[By, str | Promise] = {
    By.DOMAIN: _("Domain"),
    By.STREAM: _("Stream"),
    By.CATEGORY: _("Category"),
    By.PROVIDER: _("Mailbox provider"),
    By.TIME: _("Day"),
}
USUAL_GROUP = By.PROVIDER
_YEARS = range(1970, 3000)


@dataclass(frozen=True, slots=True)
class Asked:
    """`since` and `until` are of a range of dates; empty filters let everything pass. `wrong`: dates that cannot be
    read, for which the usual range is shown. `reach`: the domains that the reader reaches, None for all."""

    range: str
    time: Days | Hours
    domain: int | None
    stream: str
    category: str
    provider: str
    group: By
    wrong: bool = False
    reach: tuple[int, ...] | None = None

    def question(self, account_id: int) -> Question:
        """As the counters are asked."""
        return Question(
            account_id,
            self.time,
            domains=self._domains,
            streams=(self.stream,) if self.stream else (),
            categories=(self.category,) if self.category else (),
            providers=(self.provider,) if self.provider else (),
        )

    def address(self, **changed: str) -> str:
        """The query string that asks for the same with some parameters changed; an empty value removes one."""
        kept = {name: value for name, value in {**self.parameters, **changed}.items() if value}
        return f"?{urlencode(kept)}" if kept else "?"

    @property
    def filters(self) -> dict[str, str]:
        """The filters in force by their names in the address."""
        named = {
            "domain": "" if self.domain is None else str(self.domain),
            "stream": self.stream,
            "category": self.category,
            "provider": self.provider,
        }
        return {name: value for name, value in named.items() if value}

    @property
    def hidden(self) -> dict[str, str]:
        """What a form of filters has to carry on."""
        return {name: value for name, value in self.parameters.items() if name not in self.filters}

    @property
    def days(self) -> Days:
        """The days that hold the range."""
        if isinstance(self.time, Days):
            return self.time
        return Days(self.time.first.date(), (self.time.end - timedelta(hours=1)).date())

    @property
    def _domains(self) -> tuple[int, ...] | None:
        """Those whose mail counts; none where the reader does not reach the one that is asked for."""
        if self.domain is None:
            return self.reach
        return (self.domain,) if self.reach is None or self.domain in self.reach else ()

    @property
    def parameters(self) -> dict[str, str]:
        """What the address says, without what is usual."""
        told = dict(self.filters)
        if self.range == DATES and isinstance(self.time, Days):
            told |= {"range": DATES, "since": self.time.first.isoformat(), "until": self.time.last.isoformat()}
        elif self.range != USUAL_RANGE:
            told["range"] = self.range
        if self.group is not USUAL_GROUP:
            told["by"] = self.group.value
        return told


def read(told: Mapping[str, str], now: datetime, reach: tuple[int, ...] | None) -> Asked:
    """The parameters of an address, asked by who reaches these domains; what cannot be read is left out."""
    today = now.astimezone(UTC).date()
    chosen, time, wrong = _time(told, now, today)
    group, domain = told.get("by", ""), told.get("domain", "")
    return Asked(
        range=chosen,
        time=time,
        domain=int(domain) if domain.isascii() and domain.isdecimal() and len(domain) < 19 else None,
        stream=told.get("stream", "") if told.get("stream", "") in Stream.values else "",
        category=_text(told, "category", 255),
        provider=_text(told, "provider", 64),
        group=By(group) if group in {one.value for one in By} else USUAL_GROUP,
        wrong=wrong,
        reach=reach,
    )


def _time(told: Mapping[str, str], now: datetime, today: date) -> tuple[str, Days | Hours, bool]:
    chosen = told.get("range", USUAL_RANGE)
    usual = Days(today - timedelta(days=RANGES[USUAL_RANGE] - 1), today)
    if chosen == HOURS:
        return HOURS, hours_until(now, 24), False
    if chosen in RANGES:
        return chosen, Days(today - timedelta(days=RANGES[chosen] - 1), today), False
    if chosen != DATES:
        return USUAL_RANGE, usual, False
    since, until = told.get("since", ""), told.get("until", "")
    first, last = _day(since), _day(until)
    if first is None or last is None:
        return DATES, usual, bool(since or until)
    first, last = min(first, last), max(first, last)
    return DATES, Days(max(first, last - timedelta(days=MOST_DAYS - 1)), last), False


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _text(told: Mapping[str, str], name: str, most: int) -> str:
    return told.get(name, "").replace("\0", "")[:most]
