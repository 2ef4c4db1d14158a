"""How account, token and domain stand right now: one query for many, read again by each flush."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from allauth.account.models import EmailAddress

from accounts.models import Account, ApiToken, Membership, Role
from domains.models import CompanyInfo, DnsRecord, SendingDomain, SendPermission, send_permission
from domains.records import RecordKey
from mailtrap_site.bulk_values import Column
from sending.models import StreamSetting

Key = tuple[int, int | None, str]
"""Account id, token id (None for the service itself) and domain name, of which a Standing is asked."""


@dataclass(frozen=True, slots=True)
class DomainLinks:
    """What the domain's owner wants put into its mail; `company` is a line about who sends, empty where unknown."""

    opens: bool = False
    clicks: bool = False
    opt_out: bool = False
    unsubscribe: bool = False
    under_own_name: bool = False
    company: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """None where there is no such account, token of the account, or domain of the account. Times are aware."""

    account_banned: bool | None = None
    account_closing: bool = False
    """It is to be deleted, and sends nothing until then."""
    is_platform: bool = False
    max_message_bytes: int | None = None
    token_scopes: tuple[dict[str, Any], ...] | None = None
    token_expires_at: datetime | None = None
    token_emails_per_month: int | None = None
    domain_id: int | None = None
    domain_permission: SendPermission | None = None
    auto_bcc: tuple[str, ...] = ()
    auto_bcc_header: str = ""
    awaits_first_email: bool = False
    """No mail of the domain has been accepted yet."""
    body_days: Mapping[str, int] = field(default_factory=dict)
    """How long bodies are kept, by stream, where the account wants it shorter than its log."""
    demo_reaches: tuple[str, ...] | None = None
    """The only addresses that a demo domain sends to; None for all other domains."""
    links: DomainLinks = DomainLinks()


def read_standings(cursor: "psycopg.Cursor[Any]", keys: Iterable[Key]) -> dict[Key, Standing]:
    """The standing of each key, in one statement."""
    accounts, tokens, domains = zip(*dict.fromkeys(keys), strict=True)
    cursor.execute(_QUERY, (Column("bigint", accounts), Column("bigint", tokens), Column("text", domains)))
    return {(row[0], row[1], row[2]): _standing(row) for row in cursor.fetchall()}


_ACCOUNT, _TOKEN, _DOMAIN = Account._meta, ApiToken._meta, SendingDomain._meta
_MEMBER, _EMAIL = Membership._meta, EmailAddress._meta
_RECORD, _COMPANY, _STREAM = DnsRecord._meta, CompanyInfo._meta, StreamSetting._meta

# A token without an id is that of the service itself; the policy lets it pass at its own door alone.
_QUERY = f"""
SELECT w.account_id, w.token_id, w.domain_name,
    a.state, a.closes_at IS NOT NULL, a.is_platform, a.max_message_bytes,
    t.scopes, t.expires_at, t.emails_per_month,
    d.id, d.compliance_status, d.dns_verified_at, d.auto_bcc, d.auto_bcc_header,
    d.first_email_at IS NULL,
    (SELECT jsonb_object_agg(s.stream, s.body_days) FROM {_STREAM.db_table} s
        WHERE s.account_id = w.account_id AND s.body_days IS NOT NULL),
    CASE WHEN d.is_demo THEN ARRAY(
        SELECT e.email FROM {_MEMBER.db_table} m JOIN {_EMAIL.db_table} e ON e.user_id = m.user_id AND e.verified
        WHERE m.account_id = d.account_id AND m.role = '{Role.OWNER.value}') END,
    d.open_tracking_enabled, d.click_tracking_enabled, d.tracking_opt_out_enabled, d.auto_unsubscribe_link_enabled,
    d.custom_domain_tracking_enabled AND EXISTS (
        SELECT FROM {_RECORD.db_table} r
        WHERE r.domain_id = d.id AND r.key = '{RecordKey.LINK.value}' AND r.status = '{DnsRecord.Status.PASS.value}'),
    concat_ws(', ', c.name, c.address, c.zip_code || ' ' || c.city, c.country)
FROM unnest(%b::bigint[], %b::bigint[], %b::text[]) w(account_id, token_id, domain_name)
LEFT JOIN {_ACCOUNT.db_table} a ON a.id = w.account_id
LEFT JOIN {_TOKEN.db_table} t ON t.id = w.token_id AND t.account_id = w.account_id
LEFT JOIN {_DOMAIN.db_table} d ON d.account_id = w.account_id AND d.name = w.domain_name AND d.deleted_at IS NULL
LEFT JOIN {_COMPANY.db_table} c ON c.account_id = d.account_id
"""  # noqa: S608 the tables' names come from the models


def _standing(row: tuple[Any, ...]) -> Standing:
    state, is_closing, is_platform, max_bytes, scopes, expires_at, token_limit = row[3:10]
    domain_id, compliance, verified_at, auto_bcc, auto_bcc_header, is_new, body_days, demo_reaches = row[10:18]
    if state is None:
        return Standing()
    return Standing(
        account_banned=state == Account.State.BANNED,
        account_closing=is_closing,
        is_platform=is_platform,
        max_message_bytes=max_bytes,
        token_scopes=None if scopes is None else tuple(msgspec.json.decode(scopes)),
        token_expires_at=expires_at,
        token_emails_per_month=token_limit,
        domain_id=domain_id,
        domain_permission=None if domain_id is None else send_permission(compliance, verified_at),
        auto_bcc=tuple(auto_bcc or ()),
        auto_bcc_header=auto_bcc_header or "",
        awaits_first_email=domain_id is not None and is_new,
        body_days={} if body_days is None else msgspec.json.decode(body_days),
        demo_reaches=None if demo_reaches is None else tuple(demo_reaches),
        links=DomainLinks() if domain_id is None else DomainLinks(*row[18:]),
    )
