"""The audit log: append-only, with words for every act, filtered, paged by key and taken away as a file."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from accounts import audit, audit_log, standing, tokens
from accounts.audit_words import WORDS
from accounts.models import AuditEntry, User
from accounts.notice_kinds import KINDS
from domains.drift import Turn
from mailtrap_site.testing.world import World
from sending.models import QueueOrder

APPS = ("accounts", "billing", "domains", "sending", "mailtrap_site")
NAME = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
QUOTED = re.compile(f'"{NAME.pattern}"')
OURS_ONLY = {"tests", "testing", "migrations", "proof", "embedded", "fake_stripe"}
RECORDS = {"record", "_record", "_audit", "_note", "_remove", "_tell_paused", "record_for_all"}
TELLS = {"notify", "tell_person", "tell", "_tell", "_notify"}


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(world: World, query: str = "") -> str:
    return reverse("accounts:audit", args=[world.account.pk]) + query


def names_given_to(functions: set[str]) -> dict[str, str]:
    """Every `noun.verb` that code of ours hands to one of these, with its place."""
    return {name: place for called, name, place in every_name() if called in functions}


@cache
def every_name() -> tuple[tuple[str, str, str], ...]:
    return tuple(_every_name())


def _every_name() -> Iterator[tuple[str, str, str]]:
    """What is called, the name that it is given, and where."""
    for app in APPS:
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            text = path.read_text()
            if OURS_ONLY & set(path.parts) or not QUOTED.search(text):
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call):
                    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    for part in (one for given in node.args for one in ast.walk(given)):
                        if isinstance(part, ast.Constant) and NAME.fullmatch(str(part.value)):
                            yield called, str(part.value), f"{path.name}:{node.lineno}"


def test_every_act_that_the_code_records_has_words():
    found = names_given_to(RECORDS)
    assert len(found) > 50
    assert {name: place for name, place in found.items() if name not in WORDS} == {}
    assert {turn.value for turn in Turn if turn} <= set(WORDS)
    assert {f"queue.{verb}" for verb in QueueOrder.Verb.values} <= set(WORDS)


def test_every_kind_of_news_that_the_code_tells_is_in_the_table():
    found = names_given_to(TELLS)
    assert len(found) > 10
    assert {name: place for name, place in found.items() if name not in KINDS} == {}


def test_no_kind_that_is_critical_can_be_stopped():
    stoppable = {name for name, kind in KINDS.items() if kind.may_stop}
    assert not stoppable & {"account.suspended", "domain.suspended", "plan.ended", "payment.failed", "domain.rejected"}
    assert not any(name.startswith("user.") for name in stoppable)


def test_an_entry_is_neither_changed_nor_deleted(world: World):
    audit.record("account.created", account=world.account, actor=world.alice)
    for change in (lambda found: found.update(action="x.y"), lambda found: found.delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change(AuditEntry.objects.all())
    assert AuditEntry.objects.get().action == "account.created"


def test_a_person_who_is_erased_leaves_their_name(world: World):
    audit.record("account.created", account=world.account, actor=world.vera)
    world.vera.delete()
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name) == (None, "vera@acme.test")


def test_erasure_may_delete_and_only_within_its_transaction(world: World):
    audit.record("account.created", account=world.account)
    audit.record("account.released", account=world.account)
    with audit.erasing():
        AuditEntry.objects.filter(action="account.created").delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all().delete()
    assert AuditEntry.objects.count() == 1


def test_it_says_by_what_somebody_was_let_in(world: World):
    client = as_user(world.alice)
    client.post(reverse("accounts:token_add", args=[world.account.pk]), {"name": "Shop"})
    entry = AuditEntry.objects.get(action="api_token.created")
    assert (entry.means, entry.means_id) == ("session", audit.mark_of(str(client.session.session_key)))
    headers = {"Authorization": f"Bearer {world.secret}"}
    Client().delete(f"/api/accounts/{world.account.pk}/sending_domains/{world.domain.pk}", headers=headers)
    entry = AuditEntry.objects.get(action="domain.deleted")
    assert (entry.means, entry.means_id) == ("api_token", str(world.token.pk))
    assert audit.record("plan.changed", account=world.account).means == "service"


def test_the_page_shows_what_was_done_before_and_after(world: World):
    changes = {"state": {"from": "calm", "to": "<wild>"}, "list": {"from": None, "to": ["a", "b"]}}
    audit.record("webhook.changed", account=world.account, actor=world.bob, target=world.domain, changes=changes)
    audit.record("webhook.changed", account=world.stranger_account, actor=world.charlie)
    text = as_user(world.alice).get(page(world)).content.decode()
    assert "Changed a webhook" in text
    assert "bob@acme.test" in text
    assert "<del>calm</del> <ins>&lt;wild&gt;</ins>" in text
    assert "<ins>a, b</ins>" in text
    assert "charlie" not in text


def test_what_support_did_is_marked_and_shows_nobody_of_its_staff(world: World):
    standing.suspend(world.account, "spam", staff=world.charlie)
    text = as_user(world.alice).get(page(world, "?staff=yes")).content.decode()
    assert "Suspended the account" in text
    assert ">Support</span>" in text
    assert "charlie@strangers.test" not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 3),
        ("?actor=BOB", 1),
        ("?action=api_token.deleted", 1),
        ("?target=Print", 1),
        ("?after=2030-01-01", 0),
        ("?until=2030-01-01", 3),
        ("?until=nonsense&below=x", 3),
        ("?actor=supp", 1),
    ],
)
def test_filters(world: World, query: str, found: int):
    audit.record("webhook.created", account=world.account, actor=world.bob)
    token, _secret = tokens.create(world.stranger_account, None, "Printer")
    audit.record("api_token.deleted", account=world.account, actor=world.alice, target=token)
    audit.record("account.released", account=world.account, actor=world.charlie, by_staff=True)
    text = as_user(world.alice).get(page(world, query)).content.decode()
    assert text.count("<li data-row>") == found


def test_pages_are_turned_by_key_both_ways(world: World):
    made = [audit.record("plan.changed", account=world.account).pk for _ in range(audit_log.PAGE * 2 + 5)]
    first = audit_log.fetch(world.account, audit_log.Query())
    assert (first.rows[0].pk, first.newer, len(first.rows)) == (made[-1], None, audit_log.PAGE)
    second = audit_log.fetch(world.account, audit_log.Query(), below=first.older)
    last = audit_log.fetch(world.account, audit_log.Query(), below=second.older)
    assert [one.pk for one in last.rows] == made[:5][::-1]
    assert last.older is None
    back = audit_log.fetch(world.account, audit_log.Query(), above=last.newer)
    assert [one.pk for one in back.rows] == [one.pk for one in second.rows]


def test_both_files_hold_what_the_filters_leave_and_are_recorded(world: World):
    audit.record("webhook.created", account=world.account, actor_name="=HYPERLINK(1)", changes={"url": {"to": "x"}})
    audit.record("plan.changed", account=world.account)
    client, path = as_user(world.alice), reverse("accounts:audit_export", args=[world.account.pk])
    table = client.post(f"{path}?action=webhook.created", {"format": "csv"}).getvalue().decode()
    assert table.count("\r\n") == 2
    assert "'=HYPERLINK(1)" in table
    lines = client.post(path, {"format": "ndjson"}).getvalue().decode().splitlines()
    assert [json.loads(line)["action"] for line in lines] == [
        "audit_log.exported", "audit_log.exported", "plan.changed", "webhook.created",
    ]  # fmt: skip


@pytest.mark.parametrize(("who", "status"), [("alice", 200), ("bob", 200), ("vera", 403), ("charlie", 404)])
def test_owners_and_admins_read_it(world: World, who: str, status: int):
    assert as_user(getattr(world, who)).get(page(world)).status_code == status
