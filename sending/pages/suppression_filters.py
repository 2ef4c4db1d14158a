"""The filters of the suppression list as its address holds them: read, described as chips, and written into links."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import Account
from domains.models import SendingDomain
from domains.names import display_name
from sending.models import Suppression
from sending.pages.log_filters import address, midnight
from sending.suppressions.lists import Query

FILTERS = ("q", "type", "stream", "domain", "after", "until")
ALL_DOMAINS = "all"
"""The value of `domain` for entries that cover all domains; in forms as well."""


def filters_of(asked: QueryDict) -> dict[str, str]:
    """The filters in force, by their names in the address."""
    return {name: value for name in FILTERS if (value := asked.get(name, "").replace("\0", "").strip())}


def read_query(filters: Mapping[str, str]) -> Query:
    """The filters as a question to the list; what cannot be read is left out."""
    until, kind, stream = midnight(filters.get("until", "")), filters.get("type", ""), filters.get("stream", "")
    return Query(
        beginning=filters.get("q", "")[:320],
        type=kind if kind in Suppression.Type.values else "",
        stream=stream if stream in Suppression.Scope.values else "",
        domain_id=domain_id_of(filters.get("domain", "")),
        since=midnight(filters.get("after", "")),
        before=until + timedelta(days=1) if until else None,
    )


def domain_choices(account: Account, domain_ids: Collection[int] | None = None) -> list[tuple[str, str]]:
    """The account's domains by name, deleted ones left out; of `domain_ids` where that is not None."""
    domains = SendingDomain.objects.filter(account=account, deleted_at=None).order_by("name")
    if domain_ids is not None:
        domains = domains.filter(pk__in=domain_ids)
    return [(str(pk), display_name(name)) for pk, name in domains.values_list("pk", "name")]


def domain_id_of(value: str) -> int | None:
    """The id; 0 for ALL_DOMAINS, None for no choice."""
    if value == ALL_DOMAINS:
        return 0
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None


def chips(filters: Mapping[str, str], domains: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each filter as a sentence, with the address of the list without it."""
    sentences = {
        "q": _("Address begins with %(value)s"),
        "type": _("Reason is %(value)s"),
        "stream": _("Stream is %(value)s"),
        "domain": _("Domain is %(value)s"),
        "after": _("Suppressed on or after %(value)s"),
        "until": _("Suppressed on or before %(value)s"),
    }
    words: dict[str, dict[str, Any]] = {
        "type": dict(Suppression.Type.choices),
        "stream": dict(Suppression.Scope.choices),
        "domain": {**dict(domains), ALL_DOMAINS: _("all domains")},
    }
    for name, sentence in sentences.items():
        if value := filters.get(name):
            shown = str(words.get(name, {}).get(value, value))
            yield sentence % {"value": shown[:80]}, address(filters, **{name: ""})
