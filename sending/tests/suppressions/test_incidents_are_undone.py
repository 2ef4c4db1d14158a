""" "It was us": what one cause put on the list comes off it together, and nothing else does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from mailtrap_site.testing.world import World, make_domain
from sending.models import Suppression
from sending.suppressions import incidents, store
from sending.suppressions.incidents import Span

NOW = timezone.now()


def bounced(world, email, *, incident="dns", at=NOW, **options):
    values = {"domain": world.domain, "stream": "bulk", "type": "hard bounce"} | options
    return Suppression.objects.create(account=world.account, email=email, incident=incident, created_at=at, **values)


@pytest.fixture
def entries(world: World):
    shop = make_domain(world.account, "shop.test")
    return {
        "one": bounced(world, "a@far.test"),
        "hour": bounced(world, "b@far.test", at=NOW - timedelta(hours=1), domain=shop),
        "tomorrow": bounced(world, "c@near.test", at=NOW + timedelta(hours=23)),
        "old": bounced(world, "d@far.test", at=NOW - timedelta(days=30)),
        "other": bounced(world, "e@far.test", incident="unknown"),
        "by hand": bounced(world, "f@far.test", incident="", type="manual import"),
    }


def left(entries):
    standing = set(Suppression.objects.values_list("pk", flat=True))
    return {name for name, entry in entries.items() if entry.pk in standing}


def test_an_incident_says_how_many_of_which_domains(world, entries):
    found = incidents.incident_of(entries["one"], Span.DAY)
    assert (found.entries, found.sending_domains) == (3, ["example.test", "shop.test"])
    assert found.recipient_domains == [("far.test", 2), ("near.test", 1)]
    assert incidents.incident_of(entries["one"], Span.EVER).entries == 4


@pytest.mark.parametrize(
    ("span", "stay"),
    [("day", {"old", "other", "by hand"}), ("ever", {"other", "by hand"}), ("", {"old", "other", "by hand"})],
)
def test_undoing_takes_the_chosen_span_and_is_audited(world, entries, span, stay):
    client = Client()
    client.force_login(world.alice)
    where = f"/a/{world.account.pk}/suppressions/{entries['one'].pk}/incident/"
    page = client.get(where).content.decode()
    assert "3 entries, from a day before this one to a day after it" in page
    assert "All 4 entries with the same answer" in page
    assert "far.test (2), near.test (1)" in page
    assert left(entries) == set(entries)
    done = client.post(where, {"span": span}, follow=True).content.decode()
    assert f"{len(entries) - len(stay)} addresses get mail again." in done
    assert left(entries) == stay
    said = AuditEntry.objects.get(action="suppression.incident_undone")
    assert said.changes["entries"] == {"from": len(entries) - len(stay), "to": 0}
    assert said.changes["incident"]["from"] == "dns"
    assert said.changes["domains"]["from"] == ["example.test", "shop.test"]


def test_the_same_cause_in_another_account_stays(world, entries):
    theirs = Suppression.objects.create(
        account=world.stranger_account, email="a@far.test", stream="bulk", type="hard bounce", incident="dns"
    )
    assert incidents.undo(world.account, entries["one"], Span.EVER, store.By(None)) == 4
    assert Suppression.objects.filter(pk=theirs.pk).exists()


def test_only_what_a_receiver_answered_can_have_been_us(world, entries):
    client = Client()
    client.force_login(world.alice)
    base = f"/a/{world.account.pk}/suppressions"
    assert "It was us" in client.get(f"{base}/{entries['other'].pk}/").content.decode()
    assert "It was us" not in client.get(f"{base}/{entries['by hand'].pk}/").content.decode()
    assert client.get(f"{base}/{entries['by hand'].pk}/incident/").status_code == 404
