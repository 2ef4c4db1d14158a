"""Owners and admins say who gets no mail and who gets it again; two at once make one entry; each act is audited."""

import threading
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Role
from mailtrap_site.testing.world import World, make_user, make_world
from sending.models import Suppression
from sending.models.statements import raw_cursor
from sending.pages.suppression_additions import MOST_PASTED
from sending.suppressions import store
from sending.suppressions.check import Asked, suppressed

NOBODY = store.By(None)


@pytest.fixture
def base(world: World) -> str:
    return f"/a/{world.account.pk}/suppressions/"


@pytest.fixture
def as_alice(world: World) -> Client:
    return signed_in(world.alice)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def entry_of(world, email="rita@far.test", **options):
    values = {"stream": "any", "type": "unsubscription", "domain": world.domain} | options
    return Suppression.objects.create(account=world.account, email=email, **values)


def paste(client, base, addresses, **options):
    return client.post(f"{base}new/", {"addresses": addresses, "domain": "all", "stream": "any"} | options, follow=True)


def test_pasted_addresses_get_no_mail_of_the_chosen_scope(world, base, as_alice):
    page = paste(as_alice, base, "Rita@far.test, bob@far.test;\n<ann@far.test>\n\nrita@FAR.test", stream="bulk")
    assert "3 addresses were added." in page.content.decode()
    found = Suppression.objects.values_list("email", "domain_id", "stream", "type", "created_by__email")
    assert {row[0] for row in found} == {"rita@far.test", "bob@far.test", "ann@far.test"}
    assert {row[1:] for row in found} == {(None, "bulk", "manual import", "alice@acme.test")}
    said = AuditEntry.objects.get(action="suppression.added")
    assert (said.actor, said.changes["added"]["to"]) == (world.alice, 3)
    asked = [Asked(uuid.uuid4(), world.account.pk, world.domain.pk, "bulk", "RITA@far.test")]
    assert [one.type for one in suppressed(raw_cursor(), asked).values()] == ["manual import"]
    again = paste(as_alice, base, "rita@far.test\nnew@far.test", stream="bulk", domain=str(world.domain.pk))
    assert "2 addresses were added." in again.content.decode()
    again = paste(as_alice, base, "rita@far.test\nnewer@far.test", stream="bulk")
    assert "1 address was added. 1 was there before." in again.content.decode()


def test_what_is_no_address_is_named_and_nothing_is_added(base, as_alice):
    response = paste(as_alice, base, "rita@far.test\nnobody\na@b@c.test")
    assert response.status_code == 422
    page = response.content.decode()
    assert "Nothing was added: 2 of these are no addresses." in page
    assert "nobody: The address has no @ sign." in page
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(("count", "status"), [(MOST_PASTED, 200), (MOST_PASTED + 1, 422)])
def test_a_thousand_addresses_can_be_pasted_and_no_more(base, as_alice, count, status):
    response = paste(as_alice, base, "\n".join(f"r{number}@far.test" for number in range(count)))
    assert response.status_code == status
    assert Suppression.objects.count() == (count if status == 200 else 0)


def test_a_domain_of_another_account_cannot_be_chosen(world, base, as_alice):
    assert paste(as_alice, base, "rita@far.test", domain=str(world.stranger_domain.pk)).status_code == 422
    assert not Suppression.objects.exists()


def test_one_entry_is_reactivated_after_the_question(world, base, as_alice):
    entry, other = entry_of(world), entry_of(world, "bob@far.test")
    where = f"{base}{entry.pk}/reactivation/"
    assert "Do this only if they asked for mail again." in as_alice.get(where).content.decode()
    assert Suppression.objects.count() == 2
    assert "rita@far.test gets mail again." in as_alice.post(where, follow=True).content.decode()
    assert list(Suppression.objects.all()) == [other]
    said = AuditEntry.objects.get(action="suppression.reactivated")
    assert (said.target_id, said.changes["addresses"]["from"]) == (str(entry.pk), ["rita@far.test"])
    assert as_alice.post(where).status_code == 404


def test_many_are_reactivated_after_the_question_and_none_of_others(world, base, as_alice):
    chosen = [entry_of(world, f"r{number}@far.test") for number in range(3)]
    kept = entry_of(world, "kept@far.test")
    foreign = Suppression.objects.create(
        account=world.stranger_account, email="x@far.test", stream="any", type="manual import"
    )
    ids = {"entry": [*(one.pk for one in chosen), foreign.pk, "rubbish"]}
    page = as_alice.post(f"{base}reactivation/", ids).content.decode()
    assert "Let these 3 addresses get mail again?" in page
    assert "x@far.test" not in page
    assert Suppression.objects.count() == 5
    page = as_alice.post(f"{base}reactivation/", {**ids, "sure": "1"}, follow=True).content.decode()
    assert "3 entries were taken off the list." in page
    assert set(Suppression.objects.all()) == {kept, foreign}
    assert AuditEntry.objects.get(action="suppression.reactivated").changes["entries"] == {"from": 3, "to": 0}
    again = as_alice.post(f"{base}reactivation/", {**ids, "sure": "1"}, follow=True).content.decode()
    assert "somebody else was quicker" in again
    assert "Nothing was chosen" in as_alice.post(f"{base}reactivation/", follow=True).content.decode()


def test_who_only_reads_sees_the_list_and_changes_nothing(world, base):
    entry = entry_of(world, type="hard bounce", incident="one")
    changing = ["new/", "reactivation/", f"{entry.pk}/reactivation/", f"{entry.pk}/incident/", "imports/"]
    for user in (world.vera, make_user("bill@acme.test", world.account, Role.BILLING)):
        client = signed_in(user)
        for path in ("", f"{entry.pk}/", "imports/"):
            page = client.get(base + path)
            assert page.status_code == 200
            assert "Reactivate" not in page.content.decode()
            assert 'type="file"' not in page.content.decode()
        assert {client.post(base + path).status_code for path in changing} == {403}
    admin = signed_in(world.bob)
    assert admin.get(f"{base}new/").status_code == 200
    assert admin.post(f"{base}{entry.pk}/reactivation/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_same_addresses_at_once_make_one_entry_each(transactional_db):
    world = make_world()
    addresses = [f"r{number}@far.test" for number in range(200)]
    added: list[int] = []
    together = threading.Barrier(2)

    def add(order):
        entries = [store.New(email, None, "any") for email in order]
        together.wait(10)
        added.append(store.add(world.account, entries, NOBODY))
        connection.close()

    threads = [threading.Thread(target=add, args=[order]) for order in (addresses, addresses[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(added) == 2
    assert sum(added) == Suppression.objects.count() == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_who_reactivate_the_same_entry_one_finds_it_gone(transactional_db):
    world = make_world()
    entry = entry_of(world)
    done: list[int] = []
    together = threading.Barrier(2)

    def reactivate():
        together.wait(10)
        done.append(len(store.reactivate(world.account, [entry.pk], NOBODY)))
        connection.close()

    threads = [threading.Thread(target=reactivate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == [0, 1]
    assert AuditEntry.objects.filter(action="suppression.reactivated").count() == 1


def test_what_was_reactivated_is_not_covered_any_more(world):
    entry = entry_of(world)
    message_id = entry.pk
    asked = [Asked(message_id, world.account.pk, world.domain.pk, "bulk", "rita@far.test")]
    assert suppressed(raw_cursor(), asked)
    assert store.reactivate(world.account, [entry.pk], NOBODY) == [entry]
    assert not suppressed(raw_cursor(), asked)
    assert store.insert(world.account.pk, [], None, timezone.now()) == 0


def test_all_that_matches_goes_and_what_came_since_the_question_stays(world, base, as_alice):
    entry_of(world, "a@far.test", type="hard bounce")
    entry_of(world, "b@far.test", type="hard bounce")
    kept = entry_of(world, "c@far.test")
    question = as_alice.post(f"{base}reactivation/?type=hard+bounce", {"all": "1"})
    page = question.content.decode()
    assert "Let 2 addresses get mail again?" in page
    assert Suppression.objects.count() == 3
    since = entry_of(world, "d@far.test", type="hard bounce")
    sure = {"all": "1", "sure": "1", "until": str(question.context["until"])}
    answer = as_alice.post(f"{base}reactivation/?type=hard+bounce", sure, follow=True)
    assert "2 entries were taken off the list." in answer.content.decode()
    assert set(Suppression.objects.values_list("pk", flat=True)) == {kept.pk, since.pk}
    assert AuditEntry.objects.get(action="suppression.reactivated").changes["entries"]["from"] == 2
    assert signed_in(world.vera).post(f"{base}reactivation/", sure).status_code == 403
