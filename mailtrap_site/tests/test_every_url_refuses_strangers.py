"""Generated from the URL map: nobody reaches another tenant's page, whatever address they type."""

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from billing.models import Invoice
from mailtrap_site.testing.captured import make_captured, make_sandbox
from mailtrap_site.testing.url_map import Door, doors
from mailtrap_site.testing.world import World, make_world
from sending.models import CapturedMail, Suppression, SuppressionImport, WebhookDelivery, WebhookEndpoint

ACCOUNT_DOORS = list(doors("a/<int:account_id>/"))
OBJECT_DOORS = [door for door in ACCOUNT_DOORS if len(door.arguments) > 1]
API_DOORS = [door for door in doors("api/") if "account_id" in door.arguments]
OPEN_TO_ALL = (
    "accounts/",  # sign-in, sign-up and the like; allauth guards the rest
    "admin/",  # guarded by the support desk itself, tested below
    "api/",  # answers 401 without a token, tested below
    "bulk/api/send",
    "captured/",  # the development route's mailbox, on the loopback alone
    "healthz",
    "pricing/",  # what the plans cost, for whoever thinks of an account
    "readyz",
    "refusals/",  # what the codes mean, for whoever reads them in a log
    "setup/",  # signed by us, for who keeps a domain's DNS
    "sso/",  # where people say whose they are, to sign in there
    "stripe/events/",  # signed by Stripe
    "styleguide/",
    "static/",
)


@pytest.fixture
def world(db: None) -> World:
    world = make_world()
    make_captured(make_sandbox(world.account))
    Suppression.objects.create(account=world.account, email="rita@far.test", stream="any", type="manual import")
    SuppressionImport.objects.create(account=world.account, file_name="a.csv", stream="any", type="manual import")
    endpoint = WebhookEndpoint.objects.create(account=world.account, url="https://shop.test/", type="email_sending")
    WebhookDelivery.objects.create(
        endpoint=endpoint, event_count=1, first_number=1, last_number=1, payload=b"", size=1, state="delivered"
    )
    now = timezone.now()
    moments = dict.fromkeys(("issued_at", "period_starts_at", "period_ends_at"), now)
    Invoice.objects.create(account=world.account, stripe_id="in_1", status="paid", total_cents=1_500, **moments)
    world.account.saved_views.create(name="Mine", query="q=ada")
    world.account.log_exports.create(user=world.alice, format="csv", filters="?", query={}, file="1", state="ready")
    return world


def address(door: Door, world: World, **changed: object) -> str:
    values: dict[str, object] = {
        "account_id": world.account.pk,
        "domain_id": world.domain.pk,
        "token_id": world.token.pk,
        "message_id": uuid.uuid4(),
        "sandbox_id": world.account.sandboxes.get().pk,
        "captured_id": CapturedMail.objects.get().pk,
        "number": 0,
        "suppression_id": Suppression.objects.get().pk,
        "import_id": SuppressionImport.objects.get().pk,
        "webhook_id": world.account.webhooks.get().pk,
        "delivery_id": WebhookDelivery.objects.get().pk,
        "invoice_id": world.account.invoices.get().pk,
        "view_id": world.account.saved_views.get().pk,
        "export_id": world.account.log_exports.get().pk,
    }
    return door.path(values | changed)


def test_there_are_doors_to_knock_at():
    assert len(ACCOUNT_DOORS) >= 10
    assert len(API_DOORS) >= 3


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("door", ACCOUNT_DOORS, ids=lambda door: door.name)
def test_a_stranger_finds_nothing(door: Door, method: str, world: World):
    client = Client()
    client.force_login(world.charlie)
    assert getattr(client, method)(address(door, world)).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("door", OBJECT_DOORS, ids=lambda door: door.name)
def test_an_object_of_another_tenant_is_not_found_in_ones_own_account(door: Door, method: str, world: World):
    client = Client()
    client.force_login(world.charlie)
    path = address(door, world, account_id=world.stranger_account.pk)
    assert getattr(client, method)(path).status_code in (404, 405)
    assert 404 in {client.get(path).status_code, client.post(path).status_code}


@pytest.mark.parametrize("door", ACCOUNT_DOORS, ids=lambda door: door.name)
def test_who_is_signed_out_is_asked_to_sign_in(door: Door, world: World):
    response = Client().get(address(door, world))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("door", API_DOORS, ids=lambda door: door.route)
def test_the_api_refuses_another_account_and_a_missing_token(door: Door, world: World):
    path = address(door, world)
    own = {"Authorization": f"Bearer {world.stranger_secret}"}
    assert Client().get(path, headers=own).status_code in (403, 405)
    assert Client().get(path).status_code in (401, 405)


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
@pytest.mark.parametrize("door", API_DOORS, ids=lambda door: door.route)
def test_the_api_changes_nothing_for_the_token_of_another_account(door: Door, method: str, world: World):
    path = address(door, world)
    foreign = {"Authorization": f"Bearer {world.stranger_secret}"}
    body = b'{"domain": {}, "company_info": {}, "webhook": {}, "email": "a@b.test", "send_at": 1}'
    answer = getattr(Client(), method)(path, body, content_type="application/json", headers=foreign)
    assert answer.status_code in (403, 405)
    without = getattr(Client(), method)(path, b"{}", content_type="application/json")
    assert without.status_code in (401, 405)


def test_every_other_address_is_known_to_be_open(world: World):
    guarded = ("a/<int:account_id>/", *OPEN_TO_ALL)
    for door in doors():
        if door.route.startswith(guarded) or door.arguments:
            continue
        response = Client().get(door.path({}))
        assert response.status_code in (302, 404), f"/{door.route} answers {response.status_code} to anybody"


def test_the_support_desk_is_for_staff(world: World):
    client = Client()
    client.force_login(world.alice)
    assert client.get("/admin/").status_code in (302, 403)
    assert client.get("/admin/sending/message/").status_code in (302, 403)
