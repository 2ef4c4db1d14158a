"""The parts of an account's archive but for the email log: a file each, without secrets."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from accounts import audit_log
from accounts.models import Account, ApiToken, Invitation, Membership
from billing import usage_csv
from billing.models import Invoice, UsagePeriod
from domains.models import CompanyInfo, SendingDomain
from sending.models import SavedView, StreamSetting, TrackingOptOut, WebhookEndpoint
from sending.suppressions import exporting, lists

AT_ONCE = 500
README = """What {name} keeps about this account.

JSON files hold one list each, CSV files one table (RFC 4180), and email-log.ndjson.gz one JSON object a line, packed
with gzip. Times are in UTC. Secrets are not among them: no tokens, passwords, signing keys or webhook secrets. Bodies
of emails are not either; the source of each can be downloaded from its page while it is kept.
"""
Part = tuple[str, Callable[[Account], Iterator[str]]]


def _rows(rows: QuerySet[Any], fields: tuple[str, ...]) -> Iterator[str]:
    yield "["
    for place, one in enumerate(rows.order_by("pk").values(*fields).iterator(AT_ONCE)):
        yield (",\n" if place else "\n") + json.dumps(one, ensure_ascii=False, cls=DjangoJSONEncoder)
    yield "\n]\n"


def _account(account: Account) -> Iterator[str]:
    return _rows(Account.objects.filter(pk=account.pk), ("id", "name", "state", "created_at", "closes_at"))


def _company(account: Account) -> Iterator[str]:
    fields = ("info_level", "name", "address", "city", "zip_code", "country", "phone", "website_url")
    return _rows(CompanyInfo.objects.filter(account=account), fields)


def _people(account: Account) -> Iterator[str]:
    fields = ("user__email", "user__name", "role", "scopes", "sees_content", "created_at")
    return _rows(Membership.objects.filter(account=account), fields)


def _invitations(account: Account) -> Iterator[str]:
    return _rows(Invitation.objects.filter(account=account), ("email", "role", "scopes", "created_at", "expires_at"))


def _domains(account: Account) -> Iterator[str]:
    fields = (
        "id", "name", "compliance_status", "dns_verified_at", "open_tracking_enabled", "click_tracking_enabled",
        "tracking_opt_out_enabled", "auto_unsubscribe_link_enabled", "auto_bcc", "require_tls", "created_at",
        "deleted_at",
    )  # fmt: skip
    return _rows(SendingDomain.objects.filter(account=account), fields)


def _tokens(account: Account) -> Iterator[str]:
    fields = ("id", "name", "last_digits", "scopes", "created_at", "expires_at", "last_used_at", "last_used_from")
    return _rows(ApiToken.objects.filter(account=account), fields)


def _webhooks(account: Account) -> Iterator[str]:
    rows = WebhookEndpoint.objects.filter(account=account).order_by("pk")
    told = [
        {
            "url": one.shown_url,
            "type": one.type,
            "format": one.format,
            "stream": one.stream,
            "event_types": one.event_types,
            "created_at": one.created_at,
            "paused_at": one.paused_at,
        }
        for one in rows
    ]
    yield json.dumps(told, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder) + "\n"


def _settings(account: Account) -> Iterator[str]:
    return _rows(StreamSetting.objects.filter(account=account), ("stream", "on_uncertain", "body_days"))


def _views(account: Account) -> Iterator[str]:
    return _rows(SavedView.objects.filter(account=account), ("name", "query", "created_at"))


def _opt_outs(account: Account) -> Iterator[str]:
    return _rows(TrackingOptOut.objects.filter(account=account), ("email", "domain__name", "created_at"))


def _suppressions(account: Account) -> Iterator[str]:
    return exporting.pieces(account.pk, lists.Query())


def _usage(account: Account) -> Iterator[str]:
    return usage_csv.day_lines(account, UsagePeriod.objects.filter(account=account))


def _invoices(account: Account) -> Iterator[str]:
    return _rows(Invoice.objects.filter(account=account), ("stripe_id", "status", "total_cents", "issued_at"))


def _audit(account: Account) -> Iterator[str]:
    return audit_log.ndjson_pieces(account, audit_log.Query())


PARTS: tuple[Part, ...] = (
    ("account.json", _account),
    ("sender-information.json", _company),
    ("people.json", _people),
    ("invitations.json", _invitations),
    ("domains.json", _domains),
    ("api-tokens.json", _tokens),
    ("webhooks.json", _webhooks),
    ("streams.json", _settings),
    ("saved-views.json", _views),
    ("suppressions.csv", _suppressions),
    ("tracking-opt-outs.json", _opt_outs),
    ("usage.csv", _usage),
    ("invoices.json", _invoices),
    ("audit-log.ndjson", _audit),
)
EMAIL_LOG = "email-log.ndjson.gz"
