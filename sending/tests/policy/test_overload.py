"""A disk that is nearly full or a silent database turns mail away early, at each door, and passes by itself."""

import json
import smtplib
import time

import pytest
from django.db import connection
from django.test import Client

from sending.listener import Limits, Port
from sending.models import SharedCount, Submission
from sending.models.shared_counts import SharedCounts
from sending.policy import overload, watch
from sending.policy.overload import is_nearly_full, overload_now, turn_away
from sending.policy.refusal import Reason, Refusal
from sending.policy.watch import Watch
from sending.protocol.smtp_server_events import ServerTls
from sending.submission import group_commit
from sending.submission.smtp_listener import configuration
from sending.submission.smtp_session import SubmissionDoor
from sending.tests.drafts import message
from sending.tests.listening import listening, trusting_context
from sending.tests.mailbox import mx_running


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(overload, "_disk_looked_at", float("-inf"))
    monkeypatch.setattr(overload, "_disk_is_full", False)
    monkeypatch.setattr(overload, "_database_seen_at", None)


@pytest.fixture
def full_disk(monkeypatch):
    """No file system has 110 % left."""
    monkeypatch.setattr(overload, "LEAST_FREE", 1.1)


def test_a_file_system_is_nearly_full_with_less_than_the_least_share_left(tmp_path, monkeypatch):
    assert not is_nearly_full([tmp_path, tmp_path / "missing"])
    monkeypatch.setattr(overload, "LEAST_FREE", 1.1)
    assert is_nearly_full([tmp_path / "missing", tmp_path])
    assert not is_nearly_full([tmp_path / "missing"])


def test_a_look_at_the_disk_holds_for_two_seconds_and_is_then_repeated(monkeypatch, full_disk):
    assert overload_now() == Refusal(Reason.STORAGE_FULL)
    assert turn_away() is None
    monkeypatch.setattr(overload, "LEAST_FREE", 0.0)
    assert overload_now() == Refusal(Reason.STORAGE_FULL)
    monkeypatch.setattr(overload, "_disk_looked_at", time.monotonic() - 2.1)
    assert overload_now() is None


def test_a_database_is_silent_only_where_somebody_listens_to_it(monkeypatch):
    assert overload_now() is None
    overload.note_database()
    assert overload_now() is None
    monkeypatch.setattr(overload, "_database_seen_at", time.monotonic() - 4.1)
    assert overload_now() == Refusal(Reason.TEMPORARY)
    assert turn_away().code == 421
    overload.note_database()
    assert (overload_now(), turn_away()) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_the_watch_exchanges_counts_and_gives_them_back_at_its_end(monkeypatch):
    monkeypatch.setattr(watch, "INTERVAL", 0.05)
    counts = SharedCounts("smtp-account")
    counts.add("7", 2)
    watching = Watch([counts])
    watching.start()
    assert eventually(lambda: SharedCount.objects.filter(key="7", count=2).exists())
    counts.add("7", -2)
    watching.close()
    assert not SharedCount.objects.exists()
    assert overload._database_seen_at is None


@pytest.mark.django_db(transaction=True)
def test_the_watch_tells_of_a_database_that_fails_and_of_its_return(monkeypatch):
    monkeypatch.setattr(watch, "INTERVAL", 0.05)
    monkeypatch.setattr(overload, "DATABASE_SILENT_SECONDS", 0.5)
    watching = Watch([SharedCounts("smtp-account")])
    watching.start()
    try:
        rename("sending_sharedcount", "gone")
        assert eventually(lambda: overload_now() == Refusal(Reason.TEMPORARY))
        rename("gone", "sending_sharedcount")
        assert eventually(lambda: overload_now() is None)
    finally:
        watching.close()


@pytest.mark.django_db(transaction=True)
def test_the_watch_outlives_any_fault(monkeypatch):
    monkeypatch.setattr(watch, "INTERVAL", 0.01)
    looks = []

    def look():
        looks.append(1)
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(overload, "look_at_disk", look)
    watching = Watch([SharedCounts("smtp-account")])
    watching.start()
    try:
        assert eventually(lambda: len(looks) > 2)
    finally:
        watching.close()


@pytest.mark.django_db(transaction=True)
def test_the_watch_reconnects_when_its_connection_is_cut(monkeypatch):
    monkeypatch.setattr(watch, "INTERVAL", 0.05)
    counts = SharedCounts("smtp-account")
    counts.add("7")
    watching = Watch([counts])
    watching.start()
    try:
        assert eventually(lambda: SharedCount.objects.exists())
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE %s",
                ["%sending_sharedcount%"],
            )
        counts.add("8")
        assert eventually(lambda: SharedCount.objects.filter(key="8").exists())
    finally:
        watching.close()


@pytest.mark.django_db(transaction=True)
def test_the_doors_turn_mail_away_and_take_it_again(world, real_doors, monkeypatch):
    with smtplib.SMTP(*real_doors, timeout=10) as client:
        client.starttls(context=trusting_context())
        client.login("api", world.secret)
        monkeypatch.setattr(overload, "LEAST_FREE", 1.1)
        monkeypatch.setattr(overload, "_disk_looked_at", float("-inf"))
        assert client.mail("a@example.test") == (452, b"4.3.1 Insufficient system storage")
        answer = http_send(world)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert answer.json()["codes"] == ["storage_full"]
        monkeypatch.setattr(overload, "LEAST_FREE", 0.0)
        monkeypatch.setattr(overload, "_disk_looked_at", float("-inf"))
        monkeypatch.setattr(overload, "_database_seen_at", time.monotonic() - 60)
        assert client.mail("a@example.test") == (451, b"4.3.0 Temporary failure; try again later")
        with pytest.raises(smtplib.SMTPConnectError) as refusal:
            smtplib.SMTP(*real_doors, timeout=10)
        assert (refusal.value.smtp_code, refusal.value.smtp_error[:5]) == (421, b"4.3.2")
        assert http_send(world).status_code == 503
        overload.note_database()
        assert client.sendmail("a@example.test", ["r@far.test"], message(from_="a@example.test")) == {}
        assert http_send(world).status_code == 200
    assert Submission.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_mx_turns_mail_away_as_well(full_disk):
    with mx_running() as address, smtplib.SMTP(*address, timeout=10) as client:
        client.ehlo()
        assert client.mail("a@far.test")[0] == 452


@pytest.fixture
def real_doors(settings):
    """The address of a submission server."""
    settings.GROUP_COMMIT_INLINE = False
    door = SubmissionDoor("live.smtp.platform.test")
    port = Port("127.0.0.1", 0, configuration(door.hostname, ServerTls.STARTTLS), door.handler)
    with listening([port], Limits(drain_seconds=2), turn_away=turn_away) as listener:
        yield listener.addresses[0]
    door.close()
    group_commit.close()


def http_send(world):
    body = {"from": {"email": "a@example.test"}, "to": [{"email": "r@far.test"}], "subject": "x", "text": "x"}
    return Client(headers={"authorization": f"Bearer {world.secret}"}).post(
        "/api/send", json.dumps(body), content_type="application/json"
    )


def rename(old, new):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


def eventually(holds, seconds=5.0):
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()
