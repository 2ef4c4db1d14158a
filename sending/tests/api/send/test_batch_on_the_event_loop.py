"""Batches as the web server sees them: within bounds, and nobody else waits for them."""

import json
import threading
import tracemalloc

import pytest

from accounts.authentication import forget_tokens
from mailtrap_site.database_pool import PoolIsFull
from mailtrap_site.testing.roomy import make_roomy
from sending.api.send import asgi as send_asgi
from sending.api.send import batch as batches
from sending.api.send import body_limits
from sending.models import Message, Stream, Submission
from sending.tests.api.send.composing import BASE, MAIL
from sending.tests.api.send.test_send_on_the_event_loop import Request

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def real_group_commit(settings):
    settings.GROUP_COMMIT_INLINE = False
    forget_tokens()


@pytest.fixture
def door(world):
    made = send_asgi.SendDoor(memory_octets=64_000_000)
    yield made
    made.close()


@pytest.fixture
def ask(door, world):
    def _ask(*requests, base=BASE, **request):
        body = json.dumps({"base": base, "requests": requests}).encode()
        fields = {"path": "/api/batch", "body": body, "api_token": world.secret, **request}
        return Request(**fields).answered_by(door)

    return _ask


def to(name, **fields):
    return {"to": [{"email": f"{name}@far.test"}], **fields}


def test_five_hundred_mails_are_answered_in_order(ask, door, world):
    make_roomy(world.account)
    requests = [to(f"r{number}") if number % 7 else {} for number in range(500)]
    status, _, answer = ask(*requests)
    assert (status, answer["success"], len(answer["responses"])) == (200, True, 500)
    recipients = dict(Message.objects.values_list("pk", "recipient"))
    told = [
        {str(key): value for key, value in recipients.items()}.get(one.get("message_ids", [None])[0])
        for one in answer["responses"]
    ]
    assert told == [f"r{number}@far.test" if number % 7 else None for number in range(500)]
    assert (door._memory.whole.held, door._memory.accounts) == (0, {})


def test_what_the_flush_refuses_costs_none_of_those_that_were_flushed_with_it(ask):
    bad = [
        to("a", category="a\0"),
        to("a", custom_variables={"a": "\0"}),
        to("a", **{"from": {"email": "a@elsewhere.test"}}),
        to("a", headers={"Sender": "a@elsewhere.test"}),
    ]
    _, _, answer = ask(*(one for number in range(20) for one in (to(f"r{number}"), bad[number % 4])))
    assert [one["success"] for one in answer["responses"]] == [True, False] * 20
    assert [one["codes"] for one in answer["responses"][1:9:2]] == [
        ["unstorable_text"],
        ["unstorable_text"],
        ["domain_unknown"],
        ["sender_mismatch"],
    ]
    assert Message.objects.count() == 20


def test_path_and_host_choose_the_stream(ask):
    assert ask(to("a"), path="/bulk/api/batch")[0] == 200
    assert ask(to("a"), host="bulk.api.mailtrap.io")[0] == 200
    assert set(Submission.objects.values_list("stream", flat=True)) == {Stream.BULK}


def test_a_bad_token_and_a_bad_envelope_are_for_the_whole(ask):
    assert ask(to("a"), api_token="0" * 32)[0] == 401
    assert ask(to("a"), base=7)[0] == 400
    assert ask(body=b"{")[0] == 400


def test_a_token_that_was_deleted_a_moment_ago_is_401_for_the_whole(ask, world):
    assert ask(to("a"))[0] == 200
    world.token.delete()
    status, _, answer = ask(to("a"), to("b"))
    assert (status, answer["errors"]) == (401, ["Unauthorized"])


def test_a_batch_has_a_limit_of_its_own(ask, monkeypatch, settings):
    settings.MESSAGE_MAX_BYTES = 10_000
    monkeypatch.setattr(body_limits, "MOST_BATCH_OCTETS", 50_000)
    whole = [to("a", text="x" * 8_000)] * 5
    assert [one["success"] for one in ask(*whole)[2]["responses"]] == [True] * 5
    assert ask(*whole, *whole)[0] == 413
    assert ask(body=b"", content_length="50001")[0] == 413


def test_the_memory_of_what_is_worked_on_at_once_is_bounded_and_given_back(ask, door, monkeypatch):
    """A base that stands in many mails is composed again and again, never all at a time."""
    most = []
    hand_over = batches.Batch.hand_over

    def counted(batch, part):
        most.append(door._memory.whole.held)
        return hand_over(batch, part)

    monkeypatch.setattr(batches.Batch, "hand_over", counted)
    tracemalloc.start()
    _, _, answer = ask(*(to(f"r{number}") for number in range(40)), base={**BASE, "text": "word " * 100_000})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [one["success"] for one in answer["responses"]] == [True] * 40
    assert len(most) == 10
    assert peak < 12_000_000  # all of them at once are 20,000,000
    assert max(most) < 500_000 + 2 * batches.MOST_OCTETS_AT_ONCE + 200_000
    assert (door._memory.whole.held, door._memory.accounts) == (0, {})


def test_a_batch_that_no_memory_is_left_for_is_told_to_come_back(ask, door):
    door._memory.whole.held = door._memory.whole.octets - 500_000
    status, headers, _ = ask(to("a", text="x" * 300_000))
    assert (status, headers["retry-after"]) == (503, "5")
    assert door._memory.whole.held == door._memory.whole.octets - 500_000


def test_nobody_waits_while_a_batch_is_read_and_composed(ask, monkeypatch):
    """Small bodies are composed on the loop; of a small one 500 mails may come."""
    threads = set()

    def noting(call):
        def noted(*args):
            threads.add(threading.current_thread())
            return call(*args)

        return noted

    monkeypatch.setattr(send_asgi, "read_batch", noting(send_asgi.read_batch))
    monkeypatch.setattr(batches.Batch, "hand_over", noting(batches.Batch.hand_over))
    assert ask(to("a"), to("b"))[0] == 200
    assert threads
    assert threading.main_thread() not in threads


def test_what_happens_later_takes_no_answer_from_those_before(ask, door, monkeypatch, world):
    make_roomy(world.account)
    run = door._readers.run
    calls = []

    async def full_at_last(call):
        calls.append(call)
        if len(calls) == 4:
            raise PoolIsFull
        return await run(call)

    monkeypatch.setattr(door._readers, "run", full_at_last)
    status, _, answer = ask(*(to(f"r{number}") for number in range(300)))
    assert status == 200
    assert [one["success"] for one in answer["responses"]] == [True] * 200 + [False] * 100
    assert {one["errors"][0] for one in answer["responses"][200:]} == {"Service temporarily unavailable"}
    assert Message.objects.count() == 200


def test_a_pool_that_is_full_is_no_fault_of_ours(door, world, monkeypatch):
    async def full(_call):
        raise PoolIsFull

    monkeypatch.setattr(door._readers, "run", full)
    large = json.dumps({**MAIL, "text": "x" * 100_000}).encode()
    assert Request(body=large, api_token=world.secret).answered_by(door)[0] == 503


def test_a_limit_of_the_accounts_own_lets_a_larger_mail_in(door, world, settings):
    settings.MESSAGE_MAX_BYTES = 100_000
    large = json.dumps({**MAIL, "text": "x\n" * 100_000}).encode()
    assert Request(body=large, api_token=world.secret).answered_by(door)[0] == 413
    world.account.max_message_bytes = 500_000
    world.account.save()
    forget_tokens()
    assert Request(body=large, api_token=world.secret).answered_by(door)[0] == 200


def test_a_key_that_comes_twice_is_refused(door, world):
    request = Request(body=json.dumps(MAIL).encode(), api_token=world.secret, idempotency_key="a")
    request.scope["headers"].append((b"idempotency-key", b"b"))
    status, _, answer = request.answered_by(door)
    assert (status, answer["codes"]) == (400, ["http_header_repeated"])


def test_a_whole_message_is_taken_too(door, world):
    message = b"From: alice@example.test\nTo: rita@far.test\nSubject: Hi\n\nHi\n"
    headers = {"api-token": world.secret, "content-type": "Message/RFC822; charset=us-ascii"}
    request = Request(body=message, **headers)
    request.scope["query_string"] = b"to=a%40far.test&to=b%40far.test"
    status, _, answer = request.answered_by(door)
    assert (status, len(answer["message_ids"])) == (200, 2)
    assert set(Message.objects.values_list("recipient", flat=True)) == {"a@far.test", "b@far.test"}
