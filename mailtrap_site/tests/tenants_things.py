"""One thing of every kind that an address of the dashboard may name, in Alice's account."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Account, Invitation, Role
from accounts.models.single_sign_on import slug_of
from billing.models import Invoice
from mailtrap_site.testing.captured import make_captured, make_sandbox
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.log.query import Query
from sending.models import (
    Archive,
    Erasure,
    Suppression,
    SuppressionImport,
    TrackingOptOut,
    WebhookDelivery,
    WebhookEndpoint,
)
from sending.models.content import pack

READER = "rita@far.test"
"""To whom the account's mail goes; stands in every page about it."""


def make_things(world: World) -> dict[str, object]:
    """Example values of every argument, by its name in the URL patterns."""
    account, now = world.account, timezone.now()
    sandbox = make_sandbox(account)
    captured = make_captured(sandbox)
    message = make_message(world.domain, READER)
    own = {"account": account, "domain": world.domain, "stream": "any", "type": "manual import"}
    suppression = Suppression.objects.create(email=READER, **own)
    opt_out = TrackingOptOut.objects.create(account=account, domain=world.domain, email=READER)
    imported = SuppressionImport.objects.create(account=account, file_name="a.csv", stream="any", type="manual import")
    endpoint = WebhookEndpoint.objects.create(
        account=account, domain=world.domain, url="https://shop.test/", type="email_sending"
    )
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event_count=1, first_number=1, last_number=1, payload=pack(b"{}"), size=3, state="delivered"
    )
    moments = dict.fromkeys(("issued_at", "period_starts_at", "period_ends_at"), now)
    invoice = Invoice.objects.create(account=account, stripe_id="in_1", status="paid", total_cents=1_500, **moments)
    view = account.saved_views.create(name="Mine", query="q=ada")
    whole = Query().to_json()
    export = account.log_exports.create(
        user=world.alice, format="csv", filters="?", query=whole, file="1", state="ready"
    )
    invitation = Invitation.objects.create(
        account=account, email="ivy@new.test", role=Role.VIEWER, expires_at=now + timedelta(days=7)
    )
    sub_account = Account.objects.create(name="Shop", organization=account, monthly_cap=100)
    return {
        "account_id": account.pk,
        "organization_id": account.pk,
        "sub_account_id": sub_account.pk,
        "domain_id": world.domain.pk,
        "token_id": world.token.pk,
        "message_id": message.pk,
        "sandbox_id": sandbox.pk,
        "captured_id": captured.pk,
        "number": 0,
        "suppression_id": suppression.pk,
        "opt_out_id": opt_out.pk,
        "import_id": imported.pk,
        "webhook_id": endpoint.pk,
        "delivery_id": delivery.pk,
        "invoice_id": invoice.pk,
        "view_id": view.pk,
        "export_id": export.pk,
        "member_id": account.memberships.get(user=world.vera).pk,
        "invitation_id": invitation.pk,
        "erasure_id": Erasure.objects.create(account=account, mark="erased:1", created_by=world.alice).pk,
        "archive_id": Archive.objects.create(account=account, user=world.alice, file="1", state="ready").pk,
        "provider": slug_of(account.pk),
        "access_id": account.memberships.get(user=world.vera).pk * 2,
    }
