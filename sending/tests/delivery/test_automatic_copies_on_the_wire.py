"""What the receiving server gets: the copies alone carry the line that marks them, and both kinds are signed."""

import re

from domains import auto_bcc, dkim
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.delivery.source import source_of
from sending.models import Door, Message, Stream
from sending.submission.draft import Draft
from sending.submission.submit import submit
from sending.tests.drafts import message

SIX = tuple((kind, f"{kind}{number}@far.test") for kind in ("to", "cc") for number in range(3))
COPIES = ("archive@copies.test", "crm@copies.test")


def hand_over(domain, recipients=SIX):
    one = Draft(
        account_id=domain.account_id,
        token_id=domain.account.tokens.get().pk,
        stream=Stream.TRANSACTIONAL,
        door=Door.API,
        client_ip=None,
        mail_from="alice@example.test",
        recipients=recipients,
        message=message(extra="X-Mine: kept\r\n"),
    )
    [accepted] = submit([one])
    return accepted


def by_recipient(server):
    """The content that each recipient got; every recipient has a conversation of its own."""
    assert all(len(mail.recipients) == 1 for mail in server.mails)
    return {mail.recipients[0]: mail.content for mail in server.mails}


def unsigned(content):
    """Without its signatures, which hold a hash of the header."""
    return re.sub(rb"DKIM-Signature:.*?\r\n(?![ \t])", b"", content, flags=re.DOTALL)


def is_signed(content, domain):
    """By a key that the domain publishes, as others judge it."""
    keys = {key.selector: key.public_key for key in domain.dkim_keys.filter(retired_at=None)}
    found = dkim.signatures(content)
    return bool(found) and all(dkim.verify(content, one, keys[one.selector]) is dkim.Result.PASS for one in found)


def test_the_copies_alone_carry_the_line_that_marks_them_and_all_are_signed(domain, engine, lead_to):
    auto_bcc.choose(domain, COPIES, "X-Copy: yes")
    accepted = hand_over(domain)
    assert len(accepted.message_ids) == 8
    with receiving(FakeMx()) as server:
        lead_to(server)
        engine.drain(10)
    contents = by_recipient(server)
    assert set(contents) == {address for _, address in SIX} | set(COPIES)
    assert all(is_signed(content, domain) for content in contents.values())
    for address, content in contents.items():
        marks = [line for line in content.split(b"\r\n") if line.lower().startswith(b"x-copy")]
        assert marks == ([b"X-Copy: yes"] if address in COPIES else []), address
        assert b"archive@copies.test" not in content
    originals = {contents[address] for _, address in SIX}
    [original] = originals
    [copy] = {contents[address] for address in COPIES}
    assert unsigned(original) == message(extra="X-Mine: kept\r\n")
    assert unsigned(copy) == b"X-Copy: yes\r\n" + unsigned(original)


def test_the_original_is_byte_for_byte_what_it_would_be_without_copies(domain, engine, lead_to):
    first = hand_over(domain)
    auto_bcc.choose(domain, COPIES, "X-Copy: yes")
    second = hand_over(domain)
    with receiving(FakeMx()) as server:
        lead_to(server)
        engine.drain(10)
    sent = {}
    for mail in server.mails:
        sent.setdefault(mail.recipients[0], []).append(unsigned(mail.content))
    assert all(len(set(sent[address])) == 1 and len(sent[address]) == 2 for _, address in SIX)
    for accepted in (first, second):
        shown = {source_of(Message.objects.get(pk=one)) for one in accepted.message_ids[:6]}
        assert len(shown) == 1
        assert shown <= {mail.content for mail in server.mails}


def test_copies_without_a_mark_are_the_original(domain, engine, lead_to):
    auto_bcc.choose(domain, COPIES, "")
    hand_over(domain)
    with receiving(FakeMx()) as server:
        lead_to(server)
        engine.drain(10)
    assert (len(server.mails), len({mail.content for mail in server.mails})) == (8, 1)


def test_a_copy_that_bounces_is_no_bounce_of_the_original(domain, engine, lead_to):
    def refuses_copies(_, line):
        return "550 5.1.1 No such user" if "copies.test" in line else "250 2.1.5 OK"

    auto_bcc.choose(domain, COPIES, "X-Copy: yes")
    hand_over(domain)
    with receiving(FakeMx({"RCPT": refuses_copies})) as server:
        lead_to(server)
        engine.drain(10)
    states = Message.objects.order_by("id").values_list("kind", "status")
    assert list(states) == [(kind, "delivered") for kind, _ in SIX] + [("auto_bcc", "bounced")] * 2
