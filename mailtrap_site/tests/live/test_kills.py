"""kill -9 in the middle of things: what was accepted still leaves, exactly as often as it should."""

import os
import signal
import smtplib

import psutil
import pytest
import requests

from mailtrap_site.testing.live_instance import LiveInstance, wait_for

pytestmark = [
    pytest.mark.xdist_group("live"),
    pytest.mark.timeout(300),
]

MAIL = {"from": {"email": "hello@demo.test"}, "subject": "In the middle of things", "text": "It works."}


def program(live: LiveInstance, word: str) -> psutil.Process:
    """The one program of this name, as soon as it runs."""
    return wait_for(lambda: live.programs(word), f"{word} running")[0]


def to_workers(live: LiveInstance, number: signal.Signals) -> set[int]:
    """Sends a signal to all delivery workers at once, with the groups that they lead; their process ids."""
    workers = {worker.pid for worker in wait_for(lambda: live.programs("deliveries"), "the workers running")}
    for worker in workers:
        os.killpg(worker, number)
    return workers


def workers_are_back(live: LiveInstance, killed: set[int]) -> bool:
    running = {worker.pid for worker in live.programs("deliveries")}
    return len(running) == len(killed) and not running & killed


def test_mail_leaves_although_the_worker_was_killed_in_its_conversation(live: LiveInstance) -> None:
    recipient = "worker@reader.test"
    exchanger = program(live, "mx")
    exchanger.suspend()
    try:
        (message_id,) = live.demo.send(MAIL | {"to": [{"email": recipient}]})
        wait_for(lambda: leased(live, message_id), "a worker taking the message")
        killed = to_workers(live, signal.SIGKILL)
    finally:
        exchanger.resume()
    assert live.demo.message(message_id)["status"] == "enqueued"
    # Its lease ends in three minutes; the clock of this one message is moved on.
    moved = "UPDATE sending_queueentry SET lease_until = now() WHERE message_id = %s AND lease_until > now()"
    assert live.change(moved, message_id) == 1
    live.demo.wait_until(message_id, "delivered")
    assert len(live.captured(recipient)) == 1
    wait_for(lambda: workers_are_back(live, killed), "all workers")


def test_deferred_mail_outlives_a_killed_worker(live: LiveInstance) -> None:
    (message_id,) = live.demo.send(MAIL | {"to": [{"email": "defer@simulator.test"}]})
    wait_for(lambda: live.demo.message(message_id)["events"], "the first deferral")
    killed = to_workers(live, signal.SIGKILL)
    # The next attempt is due in three minutes; the clock of this one message is moved on.
    moved = "UPDATE sending_queueentry SET due_at = now() WHERE message_id = %s AND lease_owner IS NULL"
    assert live.change(moved, message_id) == 1
    wait_for(lambda: len(live.demo.message(message_id)["events"]) == 2, "the second deferral")
    assert {event["event_type"] for event in live.demo.message(message_id)["events"]} == {"soft_bounce"}
    wait_for(lambda: workers_are_back(live, killed), "all workers")


def test_sending_works_again_after_postgresql_was_killed(live: LiveInstance) -> None:
    before = program(live, "postgres")
    failures: list[requests.Response] = []

    def accepted() -> list[str]:
        answer = live.demo.post("/api/send", MAIL | {"to": [{"email": "after@reader.test"}]})
        if answer.status_code == 200:
            return list(answer.json()["message_ids"])
        failures.append(answer)
        return []

    to_workers(live, signal.SIGSTOP)
    try:
        (accepted_before,) = live.demo.send(MAIL | {"to": [{"email": "before@reader.test"}]})
        before.kill()
        (accepted_after,) = wait_for(accepted, "a mail accepted again")
    finally:
        to_workers(live, signal.SIGCONT)
    assert program(live, "postgres").pid != before.pid
    # While the database was away nothing was promised, and every answer had the contract's shape.
    assert {answer.status_code // 100 for answer in failures} == {5}
    assert all(answer.json()["success"] is False for answer in failures)
    wait_for(lambda: is_taken_by_smtp(live), "a mail taken by SMTP again")
    for message_id in (accepted_before, accepted_after):
        live.demo.wait_until(message_id, "delivered")
    live.demo.wait_until(live.demo.find("by-smtp@reader.test")["message_id"], "delivered")
    assert [len(live.captured(f"{who}@reader.test")) for who in ("before", "after", "by-smtp")] == [1, 1, 1]


def leased(live: LiveInstance, message_id: str) -> int:
    """Whether a worker holds the message."""
    return live.change("SELECT 1 FROM sending_queueentry WHERE message_id = %s AND lease_until > now()", message_id)


def is_taken_by_smtp(live: LiveInstance) -> bool:
    """Whether the submission server has noticed that the database is back, and then takes a mail."""
    mail = b"From: hello@demo.test\r\nSubject: Again\r\n\r\nIt works.\r\n"
    try:
        with live.smtp(live.facts["API_TOKEN"]) as session:
            session.sendmail("hello@demo.test", ["by-smtp@reader.test"], mail)
    except smtplib.SMTPConnectError as problem:
        assert problem.smtp_code == 421
        return False
    return True
