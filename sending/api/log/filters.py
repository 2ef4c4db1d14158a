"""The contract's filters of the email log, read from the query string in each of the encodings that clients use.

`filters[to][value]=a`, the same repeated, `filters[to][value][]=a`, `filters[to][value][0]=a`.
"""

import re
from datetime import UTC, datetime

from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime

from sending.log.conditions import YEARS, Condition, is_known
from sending.log.query import Query

_KEY = re.compile(r"filters\[(?P<name>\w{1,64})\](?:\[(?P<part>operator|value)\](?:\[[0-9]{0,6}\])?)?", re.ASCII)
MOST_VALUES = 1000


def read_filters(asked: QueryDict, domain_ids: tuple[int, ...] | None) -> Query:
    """The question; unknown filters and values that cannot be read are left out.

    `domain_ids`: the domains that the caller may see, None for all of the account.
    """
    told = _told(asked)
    conditions = [
        Condition(name, parts["operator"][0], tuple(parts.get("value", ())[:MOST_VALUES]))
        for name, parts in told.items()
        if parts.get("operator") and is_known(name, parts["operator"][0])
    ]
    if domain_ids is not None:
        conditions.append(Condition("domain_id", "equal", tuple(str(one) for one in domain_ids)))
    return Query(
        conditions=tuple(conditions),
        sent_after=_moment(told.get("sent_after", {})),
        sent_before=_moment(told.get("sent_before", {})),
    )


def _told(asked: QueryDict) -> dict[str, dict[str, list[str]]]:
    """By filter, then by part (`operator`, `value`, and `""` for a filter without parts), the values in order."""
    told: dict[str, dict[str, list[str]]] = {}
    for key, values in asked.lists():
        if match := _KEY.fullmatch(key):
            told.setdefault(match["name"], {}).setdefault(match["part"] or "", []).extend(values)
    return told


def _moment(parts: dict[str, list[str]]) -> datetime | None:
    """An ISO 8601 moment or day; without a zone it is UTC."""
    text = (parts.get("") or parts.get("value") or [""])[0]
    try:
        # A "+" that was not encoded arrives as a space.
        moment = parse_datetime(text.replace(" ", "+")) or parse_datetime(text)
        day = parse_date(text) if moment is None else None
    except ValueError:
        return None
    if moment is None and day is not None:
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if moment is None or moment.year not in YEARS:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
