"""Replies that no rule named are grouped for the desk, each with a rule that would name it; own rules come first."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from mailtrap_site.environment import BASE_DIR
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.log.unknown_replies import unknown_replies
from sending.models import Event, Message
from sending.protocol.reply import Reply
from sending.replies.classify import Phase, classify, rules

PAGE = "/admin/replies/"
NOW = datetime.now(UTC)
ODD = "Zorp says the moon is wrong for {} (id {})"


@pytest.fixture
def staff(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@platform.test"))
    return client


@pytest.fixture
def own_rules(tmp_path: Path, settings: pytest.FixtureRequest) -> Iterator[Path]:
    """The operator's file, which is in force while the test runs."""
    file = tmp_path / "own.toml"
    file.touch()
    settings.BOUNCE_RULES_FILE = file  # type: ignore[attr-defined]
    rules.cache_clear()
    yield file
    rules.cache_clear()


def odd(world: World, number: int, *, host: str = "far.test", text: str = ODD, **fields: object) -> Message:
    recipient = f"reader{number}@{host}"
    reply = (554, "5.7.99", text.format(recipient, number), "generalfail")
    return make_message(world.domain, recipient, status="bounced", reply=reply, **fields)  # type: ignore[arg-type]


def test_replies_of_one_cause_are_one_group_with_examples(world: World, staff: Client) -> None:
    newest = [odd(world, number) for number in range(5)][-1]
    other = odd(world, 7, text="Another sentence of nobody's")
    page = staff.get(PAGE).content.decode()
    assert "5 bounces" in page
    assert "554 5.7.99 Zorp says the moon is wrong for reader4@far.test (id 4)" in page
    assert f"/admin/sending/message/{newest.pk}/change/" in page
    assert f"/admin/sending/message/{other.pk}/change/" in page
    assert [group.count for group in unknown_replies(datetime.now(UTC)).groups] == [5, 1]


def test_what_a_rule_named_or_nobody_answered_or_is_old_is_no_unknown_reply(world: World) -> None:
    named, local = odd(world, 1), odd(world, 2)
    details = {"bounce_category": "generalfail", "email_service_provider_response": "x"}
    Event.objects.filter(message=named, type="bounce").update(details=details | {"response_code": 550, "rule": "spam"})
    Event.objects.filter(message=local, type="bounce").update(details=details | {"response_code": None})
    odd(world, 3, at=NOW - timedelta(days=8))
    make_message(world.domain, status="delivered")
    make_message(world.domain, status="bounced")
    assert unknown_replies(datetime.now(UTC)).groups == []


def test_two_servers_and_two_outcomes_are_told_apart(world: World) -> None:
    odd(world, 1)
    odd(world, 2, host="near.example.test")
    make_message(world.domain, status="deferred", reply=(451, "4.9.9", "Zorp", "transientfail"))
    found = unknown_replies(datetime.now(UTC)).groups
    assert sorted((one.cause.site, one.is_final) for one in found) == [
        ("far.test", False),
        ("far.test", True),
        ("near.example.test", True),
    ]


def test_only_so_many_events_are_looked_at_and_the_page_says_since_when(world: World) -> None:
    for number in range(4):
        odd(world, number, at=NOW - timedelta(hours=4 - number))
    found = unknown_replies(NOW, looked_at=3)
    assert sum(one.count for one in found.groups) < 4
    assert NOW - timedelta(hours=3, minutes=1) < found.since < NOW
    assert sum(one.count for one in unknown_replies(datetime.now(UTC)).groups) == 4


def test_the_draft_of_a_rule_names_the_reply_and_the_group_goes_away(world: World, own_rules: Path) -> None:
    odd(world, 1, text='It\'s (not) right: {} may.* [come] "in" \\ {}')
    group = unknown_replies(datetime.now(UTC)).groups[0]
    assert tomllib.loads(group.rule)["rule"][0]["codes"] == [554]
    own_rules.write_text(group.rule)
    rules.cache_clear()
    verdict = classify(Reply(554, "5.7.99", ('Other 7 may.* [come] "in"', "\\ 8")), Phase.FINAL_DOT)
    assert verdict.category == "other"
    assert verdict.rule
    assert unknown_replies(datetime.now(UTC)).groups == []


def test_own_rules_decide_before_ours(own_rules: Path) -> None:
    reply = Reply(550, "5.1.1", ("No such user here",))
    assert classify(reply, Phase.RCPT).category == "badrecipient"
    own_rules.write_text('[[rule]]\nname = "ours says no"\ncodes = [550]\ncategory = "block"\ncure = "operator"\n')
    rules.cache_clear()
    verdict = classify(reply, Phase.RCPT)
    assert (verdict.category, verdict.rule, verdict.cure) == ("block", "ours says no", "operator")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read: No such file"),
        ('[[rule]]\nname = "x"\n', "lacks or misnames 'category'"),
        ('[[rule]]\nname = "x"\ncategory = "nonsense"\n', "'nonsense' is not a valid Category"),
        ('[[rule]]\nname = "x"\ncategory = "block"\ntext = "("\n', "missing ), unterminated subpattern"),
        ('[[rule]]\nname = "x"\ncategory = "block"\nwords = "y"\n', "unknown keys in a bounce rule: words"),
        ("[[rule", "are wrong"),
    ],
)
def test_a_wrong_file_stops_the_start_with_a_sentence(text: str | None, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    if text is not None:
        file.write_text(text)
    values = {"SECRET_KEY": "x", "SEALING_KEY": "bGludC1saW50LWxpbnQtbGludC1saW50LWxpbnQtbGk="}
    values |= {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "BOUNCE_RULES_FILE": str(file)}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env=os.environ | values | {"VAR_DIR": str(tmp_path), "PYTHONPATH": str(BASE_DIR)},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert f"{file}" in done.stderr
    assert sentence in done.stderr


def test_strangers_to_the_desk_see_nothing(world: World) -> None:
    client = Client()
    client.force_login(world.alice)
    assert client.get(PAGE).status_code in (302, 403)
