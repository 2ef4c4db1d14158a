"""The general API's statistics (contract 2.7), under both key names of the sending domain. Days are in UTC."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from django.http import QueryDict
from ninja import Router
from ninja.errors import HttpError

from accounts.api_auth import ApiRequest, readable_domains, require_rate
from accounts.rate_limits import STATS
from sending.models import Stream
from sending.replies.providers import PROVIDERS
from sending.stats.questions import By, Days, Question, by, total
from sending.stats.rates import contract_stats

router = Router(tags=["Statistics"])

MOST_VALUES = 1000
"""Of one filter."""
_LARGEST_ID = 2**63 - 1


@router.get("/stats", response=dict[str, Any])
def stats(request: ApiRequest, account_id: int) -> dict[str, Any]:
    """What happened to all mail that the filters let through, from `start_date` to `end_date`, both included.

    Filters, each of which may be repeated: `domain_ids[]` (or `sending_domain_ids[]`), `sending_streams[]`,
    `categories[]`, `email_service_providers[]`. Rates are shares from 0: delivery and bounce of what was delivered or
    bounced, the others of what was delivered.
    """
    return contract_stats(total(_question(request, account_id)))


@router.get("/stats/domains", response=list[dict[str, Any]])
def stats_by_domain(request: ApiRequest, account_id: int) -> list[dict[str, Any]]:
    """The same by sending domain. What nothing happened to is not listed, here and below."""
    return _grouped(request, account_id, By.DOMAIN, lambda key: {"sending_domain_id": key, "domain_id": key})


@router.get("/stats/categories", response=list[dict[str, Any]])
def stats_by_category(request: ApiRequest, account_id: int) -> list[dict[str, Any]]:
    """The same by category; mail without one stands under an empty name."""
    return _grouped(request, account_id, By.CATEGORY, lambda key: {"category": key})


@router.get("/stats/email_service_providers", response=list[dict[str, Any]])
def stats_by_provider(request: ApiRequest, account_id: int) -> list[dict[str, Any]]:
    """The same by mailbox provider; mail to one that we have no name for stands under an empty name."""
    return _grouped(request, account_id, By.PROVIDER, lambda key: {"email_service_provider": key})


@router.get("/stats/date", response=list[dict[str, Any]])
def stats_by_date(request: ApiRequest, account_id: int) -> list[dict[str, Any]]:
    """The same by day."""
    return _grouped(request, account_id, By.TIME, lambda key: {"date": key.isoformat()})


def _grouped(
    request: ApiRequest, account_id: int, group: By, named: Callable[[Any], dict[str, Any]]
) -> list[dict[str, Any]]:
    found = by(_question(request, account_id), group)
    return [named(key) | {"stats": contract_stats(counts)} for key, counts in found.items()]


def _question(request: ApiRequest, account_id: int) -> Question:
    """What is asked, of the domains that the token may read. Raises the contract's 400 and 429."""
    require_rate(request, STATS, account_id)
    asked = request.GET
    first, last = _day(asked, "start_date"), _day(asked, "end_date")
    if last < first:
        raise HttpError(400, "end_date must not be before start_date")
    wanted = {_id(text) for name in ("sending_domain_ids", "domain_ids") for text in _values(asked, name)}
    readable = readable_domains(request)
    domains = wanted if readable is None else wanted & set(readable) if wanted else set(readable)
    return Question(
        account_id,
        Days(first, last),
        domains=tuple(sorted(domains)) if wanted or readable is not None else None,
        streams=_chosen(asked, "sending_streams", Stream.values),
        categories=tuple(text.replace("\0", "") for text in _values(asked, "categories")),
        providers=_chosen(asked, "email_service_providers", PROVIDERS),
    )


def _day(asked: QueryDict, name: str) -> date:
    text = asked.get(name, "").strip()
    if not text:
        raise HttpError(400, f"Missing required parameter: {name}")
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII) is None:
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as problem:
        raise HttpError(400, f"{name} must be a day such as 2026-01-31") from problem


def _chosen(asked: QueryDict, name: str, allowed: "list[str] | tuple[str, ...]") -> tuple[str, ...]:
    values = tuple(_values(asked, name))
    if not set(values) <= set(allowed):
        raise HttpError(400, f"{name} must be among: {', '.join(allowed)}")
    return values


def _id(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= _LARGEST_ID):
        raise HttpError(400, "domain_ids must be ids of sending domains")
    return int(text)


def _values(asked: QueryDict, name: str) -> Iterator[str]:
    """`name[]=a`, `name[0]=a` or `name=a`, each of them repeated; empty ones are left out."""
    found = 0
    for key, values in asked.lists():
        if re.fullmatch(rf"{name}(?:\[[0-9]{{0,6}}\])?", key, re.ASCII):
            for value in filter(None, values):
                found += 1
                if found > MOST_VALUES:
                    raise HttpError(400, f"{name} has more than {MOST_VALUES} values")
                yield value
