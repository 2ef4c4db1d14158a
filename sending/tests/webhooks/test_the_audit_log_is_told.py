"""Who did what in an account is told in the contract's shape, once, to accounts whose plan has the audit log."""

from datetime import timedelta
from threading import Event as Signal
from threading import Thread
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEntry
from billing.models import Subscription
from mailtrap_site.testing.webhook_sink import Sink
from mailtrap_site.testing.world import World, make_world
from sending.models import WebhookDelivery, WebhookEndpoint
from sending.tests.webhooks.conftest import Make
from sending.webhooks import audit_log, catch_up
from sending.webhooks.drain import drain
from sending.webhooks.endpoints import Refused


def put_on(world: World, code: str) -> None:
    Subscription.objects.update_or_create(
        account=world.account,
        defaults={"plan_code": code, "plan_generation": 1, "anchor": timezone.now() - timedelta(days=3)},
    )


@pytest.fixture
def enterprise(world: World) -> None:
    from billing.plans import PLANS, Feature

    plan = next(one for one in PLANS.plans if Feature.AUDIT_LOG in one.features)
    put_on(world, plan.code)


def settle() -> int:
    """As it stands in a minute, when every transaction of now has ended."""
    return audit_log.follow(timezone.now() + timedelta(minutes=11))


@pytest.mark.django_db
def test_an_act_is_told_with_actor_resource_and_changes(
    world: World, enterprise: None, make_endpoint: Make, sink: Sink
) -> None:
    audit.record("api_token.created", account=world.account, actor=world.bob)
    endpoint = make_endpoint(webhook_type="audit_log", sending_stream="", event_types=[])
    assert (endpoint.stream, endpoint.event_types) == ("", [])
    changes = {"name": {"from": "A", "to": "B"}}
    audit.record("domain.renamed", account=world.account, actor=world.bob, target=world.domain, changes=changes)
    audit.record("plan.changed", account=world.account, actor=world.alice, by_staff=True)
    audit.record("domain.renamed", account=world.stranger_account, actor=world.charlie)
    settle()
    assert settle() == 0
    drain(5)
    created, renamed, changed = sink.events
    assert created["event"] == "activity_log.webhook.created"
    assert renamed.pop("number") == AuditEntry.objects.get(account=world.account, action="domain.renamed").pk
    assert abs(renamed.pop("timestamp") - timezone.now().timestamp()) < 60
    assert renamed == {
        "event": "activity_log.sending_domain.renamed",
        "description": "renamed example.test",
        "actor": {"id": world.bob.pk, "type": "user", "name": "bob@acme.test"},
        "resource": {"id": str(world.domain.pk), "type": "sending_domain", "name": "example.test"},
        "changes": changes,
    }
    assert changed["actor"] == {"id": None, "type": "support", "name": "Support"}


@pytest.mark.django_db
def test_a_plan_without_it_is_refused_and_one_that_lost_it_is_told_nothing(
    world: World, make_endpoint: Make, sink: Sink
) -> None:
    options: dict[str, Any] = {"webhook_type": "audit_log", "sending_stream": "", "event_types": []}
    put_on(world, "free")
    with pytest.raises(Refused) as refused:
        make_endpoint(**options)
    assert list(refused.value.errors) == ["webhook_type"]
    endpoint = WebhookEndpoint.objects.create(account=world.account, url=sink.url, type="audit_log", secret="0" * 32)
    audit.record("plan.changed", account=world.account)
    settle()
    assert not WebhookDelivery.objects.exists()
    assert WebhookEndpoint.objects.get(pk=endpoint.pk).audit_position > 0


@pytest.mark.django_db
def test_it_can_be_caught_up_with(world: World, enterprise: None, make_endpoint: Make) -> None:
    endpoint = make_endpoint(webhook_type="audit_log", sending_stream="", event_types=[])
    with audit.erasing():
        AuditEntry.objects.update(at=timezone.now() - timedelta(minutes=20))
    page = catch_up.events_after(endpoint, 0, 10)
    assert [line.name for line in page.lines] == ["activity_log.webhook.created"]
    assert catch_up.events_after(endpoint, page.last, 10).lines == []


@pytest.mark.django_db(transaction=True)
def test_an_act_whose_transaction_ends_late_is_not_passed_over(transactional_db: None, sink: Sink) -> None:
    """Its id is lower than that of an act that is committed before it."""
    world = make_world()
    from billing.plans import PLANS, Feature

    put_on(world, next(one for one in PLANS.plans if Feature.AUDIT_LOG in one.features).code)
    WebhookEndpoint.objects.create(account=world.account, url=sink.url, type="audit_log", secret="0" * 32)
    written, may_end = Signal(), Signal()

    def slow() -> None:
        with transaction.atomic():
            audit.record("domain.slow", account=world.account)
            written.set()
            may_end.wait(20)
        connection.close()

    thread = Thread(target=slow)
    thread.start()
    assert written.wait(20)
    audit.record("domain.quick", account=world.account)
    # Five minutes on: long after the quick one, and the slow one still runs.
    assert audit_log.follow(timezone.now() + timedelta(minutes=5)) == 0
    may_end.set()
    thread.join(20)
    assert audit_log.follow(timezone.now() + timedelta(minutes=5)) == 2
    drain(5)
    assert [event["event"] for event in sink.events] == [
        "activity_log.sending_domain.slow",
        "activity_log.sending_domain.quick",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("action", "event", "description"),
    [
        ("user.signed_in", "activity_log.user.login", "logged in"),
        ("user.profile_changed", "activity_log.user.updated", "updated the user profile"),
        ("webhook.paused", "activity_log.webhook.paused", "paused alice@acme.test"),
    ],
)
def test_what_people_do_has_the_names_of_the_contract(world: World, action: str, event: str, description: str) -> None:
    entry = audit.record(action, account=world.account, actor=world.alice, target=world.alice)
    line = audit_log.render(entry)
    shown = msgspec.json.decode(line.json)
    assert (line.name, shown["event"], shown["description"]) == (event, event, description)
    assert shown["resource"] == {"id": str(world.alice.pk), "type": "user", "name": "alice@acme.test"}
