"""What a reader reaches of an account's mail: everything, or that of the domains which they look after.

The one place in which pages about mail are narrowed; whoever may see the whole account passes through unchanged.
"""

import uuid
from dataclasses import replace

from django.http import Http404

from accounts.tenancy import AccountRequest, require_domain
from sending.log.conditions import Condition
from sending.log.paging import find
from sending.log.query import Query
from sending.models import Message, Suppression
from sending.suppressions import lists

_DOMAIN = "sending_domain_id.equal"


def message_of(request: AccountRequest, message_id: uuid.UUID) -> Message:
    """The message, for who may do with it what the view asks for. Raises Http404 and PermissionDenied."""
    found = find(request.account.pk, message_id)
    if found is None:
        raise Http404
    require_domain(request, found.domain_id)
    return found


def suppression_of(request: AccountRequest, suppression_id: uuid.UUID) -> Suppression:
    """The entry, likewise; one for all domains is that of the whole account. Raises Http404 and PermissionDenied."""
    entry = lists.find(request.account.pk, suppression_id)
    if entry is None:
        raise Http404
    require_domain(request, entry.domain_id)
    return entry


def narrowed(request: AccountRequest, query: Query) -> Query:
    """The question to the log, asked about mail of the reader's domains alone."""
    if request.domain_ids is None:
        return query
    own = Condition("domain_id", "equal", tuple(str(one) for one in request.domain_ids))
    return replace(query, conditions=(*query.conditions, own))


def with_reach(request: AccountRequest, filters: dict[str, str]) -> dict[str, str]:
    """The filters of the log as its address holds them; where they name no domain, those of a limited reader."""
    if request.domain_ids is None or _DOMAIN in filters:
        return filters
    return filters | {_DOMAIN: ",".join(str(one) for one in request.domain_ids)}


def is_reached(request: AccountRequest, query: Query) -> bool:
    """Whether the question is about mail of the reader's domains alone."""
    return request.domain_ids is None or query.is_within(request.domain_ids)


def narrowed_entries(request: AccountRequest, query: lists.Query) -> lists.Query:
    """The question to the suppression list, likewise."""
    return query if request.domain_ids is None else replace(query, domains=request.domain_ids)
