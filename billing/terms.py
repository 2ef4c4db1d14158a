"""The terms in force for an account: its plan, and what staff granted beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from django.utils import timezone

from accounts.models import Account
from billing.models import QuotaOverride, Subscription
from billing.plans import FREE, PLANS, Plan
from mailtrap_site.bulk_values import Column


@dataclass(frozen=True, slots=True)
class Terms:
    """What one account may use right now. None stands for "no limit". Of a sub-account: of its organisation's plan, and
    what staff granted to itself."""

    plan: Plan
    anchor: datetime
    """The moment that its periods are counted from."""
    emails_per_month: int | None
    emails_per_day: int | None
    emails_per_hour: int | None
    users: int | None
    domains: int | None
    log_days: int
    overage_cap: int
    """Emails above `emails_per_month` that the account pays for in each period."""
    sub_accounts: int | None = 0
    organization_id: int | None = None
    """The account whose plan this one shares. Then what is taken here is taken from its month and day as well, and
    `emails_per_month` is this one's own cap."""

    @property
    def hard_limit(self) -> int | None:
        """Recipients of one period after which everything is refused."""
        return None if self.emails_per_month is None else self.emails_per_month + self.overage_cap


def read_terms(cursor: "psycopg.Cursor[Any]", account_ids: Iterable[int], now: datetime) -> dict[int, Terms]:
    """The terms of each account that exists, and of the organisations of those, in one statement on the caller's
    transaction."""
    ask_terms(cursor, account_ids, now)
    return answered_terms(cursor)


def ask_terms(cursor: "psycopg.Cursor[Any]", account_ids: Iterable[int], now: datetime) -> None:
    """The first half of `read_terms`: in a pipeline it needs no trip of its own when something else is fetched."""
    cursor.execute(_QUERY, (Column("timestamptz", [now]), Column("bigint", sorted(set(account_ids)))))


def answered_terms(cursor: "psycopg.Cursor[Any]") -> dict[int, Terms]:
    """The other half: what `ask_terms` asked with this cursor."""
    found = {}
    for account_id, *told, granted_to_organization in cursor.fetchall():
        found[account_id] = _terms(*told)
        if (organization_id := told[0]) is not None:
            found[organization_id] = _terms(*(None, None, *told[2:-1], granted_to_organization))
    return found


def terms_of(account: Account, now: datetime | None = None) -> Terms:
    """The terms of one account, for pages and checks outside the hot path; two queries."""
    moment = now or timezone.now()
    subscription = Subscription.objects.filter(account=account.payer_id).first()
    granted = (
        QuotaOverride.objects.filter(account=account, starts_at__lte=moment)
        .exclude(ends_at__lte=moment)
        .order_by("id")
        .values_list("term", "value")
    )
    shares = (account.organization_id, account.monthly_cap)
    if subscription is None:
        anchor = account.organization.created_at if account.organization else account.created_at
        return _terms(*shares, anchor, None, None, 0, dict(granted))
    return _terms(
        *shares,
        subscription.anchor,
        subscription.plan_code,
        subscription.plan_generation,
        subscription.overage_cap,
        dict(granted),
    )


_ACCOUNT, _SUBSCRIPTION, _OVERRIDE = Account._meta, Subscription._meta, QuotaOverride._meta

# The newest override of a term comes last and wins (jsonb keeps the last of two equal keys).
_GRANTED = f"""
    (SELECT jsonb_object_agg(o.term, o.value ORDER BY o.id) FROM {_OVERRIDE.db_table} o
     WHERE o.account_id = {{account}} AND o.starts_at <= asked.at AND (o.ends_at IS NULL OR o.ends_at > asked.at))"""  # noqa: S608
# Subscription and anchor are those of the organisation, where there is one; so the same row says its terms as well.
_QUERY = f"""
SELECT a.id, a.organization_id, a.monthly_cap,
    coalesce(s.anchor, CASE WHEN a.organization_id IS NULL THEN a.created_at
                       ELSE (SELECT created_at FROM {_ACCOUNT.db_table} p WHERE p.id = a.organization_id) END),
    s.plan_code, s.plan_generation, coalesce(s.overage_cap, 0), {_GRANTED.format(account="a.id")},
    CASE WHEN a.organization_id IS NOT NULL THEN {_GRANTED.format(account="a.organization_id")} END
FROM unnest(%b::timestamptz[]) AS asked (at), {_ACCOUNT.db_table} a
LEFT JOIN {_SUBSCRIPTION.db_table} s ON s.account_id = coalesce(a.organization_id, a.id)
WHERE a.id = ANY(%b::bigint[])
"""  # noqa: S608 the tables' names come from the models


def _terms(
    organization_id: int | None,
    monthly_cap: int | None,
    anchor: datetime,
    plan_code: str | None,
    generation: int | None,
    overage_cap: int,
    granted: Mapping[str, int | None] | bytes | str | None,
) -> Terms:
    if isinstance(granted, bytes | str):
        granted = msgspec.json.decode(granted, type=dict[str, int | None])
    plan = FREE if plan_code is None or generation is None else PLANS.agreed(plan_code, generation)
    terms = Terms(
        plan=plan,
        anchor=anchor,
        emails_per_month=plan.emails_per_month,
        emails_per_day=plan.emails_per_day,
        emails_per_hour=plan.emails_per_hour,
        users=plan.users,
        domains=plan.domains,
        log_days=plan.log_days,
        overage_cap=min(overage_cap, plan.most_overage),
        sub_accounts=plan.sub_accounts,
    )
    if organization_id is not None:
        # Month and day are the organisation's, and held to its terms; the others are this account's own.
        terms = replace(
            terms,
            emails_per_month=monthly_cap,
            emails_per_day=None,
            overage_cap=0,
            sub_accounts=0,
            organization_id=organization_id,
        )
    return _with(terms, granted) if granted else terms


def _with(terms: Terms, granted: Mapping[str, int | None]) -> Terms:
    """A term that this version does not know changes nothing: one row must not stop everybody's mail."""
    return Terms(**{name: granted.get(name, getattr(terms, name)) for name in Terms.__slots__})
