"""Tracked mail as the receiving server gets it: each recipient's own, signed as others verify it, and shown again."""

import re

import pytest

from domains import dkim
from domains.models import SendingDomain
from domains.tests.dkim.test_other_verifiers import answers_of_mailauth
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.delivery.source import source_of
from sending.models import Door, Message, Stream, TrackingOptOut
from sending.protocol import recipient_links as links
from sending.protocol.recipient_links import Purpose
from sending.submission.draft import Draft
from sending.submission.submit import submit
from sending.tests.drafts import message
from sending.tests.protocol.mail_readers import mailparser_running

READERS = ("ann@far.test", "bob@far.test", "cleo@far.test")
HTML = {
    "extra": "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n",
    "body": '<body><a href="https://shop.test/?a=1&amp;b=2">Shop</a></body>\r\n',
}


def sent(domain, engine, lead_to, *, stream=Stream.BULK, **content):
    """What each reader gets."""
    one = Draft(
        account_id=domain.account_id,
        token_id=domain.account.tokens.get().pk,
        stream=stream,
        door=Door.API,
        client_ip=None,
        mail_from="alice@example.test",
        recipients=tuple(("to", reader) for reader in READERS),
        message=message(**(content or HTML)),
    )
    submit([one])
    with receiving(FakeMx()) as server:
        lead_to(server)
        engine.drain(10)
    assert len(server.mails) == len(READERS)
    return {mail.recipients[0]: mail.content for mail in server.mails}


def own_links(content, settings):
    found = re.findall(re.escape(settings.TRACKING_URL.encode()) + rb"/t/([a-z]+)/([A-Za-z0-9_-]+)", content)
    return [(kind.decode(), token.decode()) for kind, token in found]


def is_signed(content, domain):
    keys = {key.selector: key.public_key for key in domain.dkim_keys.filter(retired_at=None)}
    found = dkim.signatures(content)
    return bool(found) and all(dkim.verify(content, one, keys[one.selector]) is dkim.Result.PASS for one in found)


def test_each_reader_gets_links_of_their_own_and_who_opted_out_is_not_tracked(domain, engine, lead_to, settings):
    SendingDomain.objects.update(click_tracking_enabled=True)
    TrackingOptOut.objects.create(account=domain.account, domain=domain, email="cleo@far.test")
    contents = sent(domain, engine, lead_to)
    kinds = {reader: sorted({kind for kind, _ in own_links(contents[reader], settings)}) for reader in READERS}
    assert kinds == {
        READERS[0]: ["c", "o", "unsubscribe"],
        READERS[1]: ["c", "o", "unsubscribe"],
        READERS[2]: ["unsubscribe"],
    }
    for row in Message.objects.all():
        content = contents[row.recipient]
        assert source_of(row) == content
        assert is_signed(content, domain)
        for kind, token in own_links(content, settings):
            keys = settings.RECIPIENT_LINK_KEYS
            if kind == "c":
                assert links.read_click(token, keys) == (row.pk, b"https://shop.test/?a=1&b=2")
            elif kind == "o":
                assert links.read_open(token, keys) == row.pk
            else:
                ref = links.read_recipient(Purpose(kind), token, keys)
                assert (ref.message_id, ref.domain_id, ref.stream, ref.address) == (
                    row.pk,
                    domain.pk,
                    "bulk",
                    row.recipient,
                )
    TrackingOptOut.objects.all().delete()
    settings.RECIPIENT_LINK_KEYS = [b"n" * 32, *settings.RECIPIENT_LINK_KEYS]
    for row in Message.objects.all():
        assert source_of(row) == contents[row.recipient]


def test_where_nothing_differs_all_readers_get_the_same_bytes(domain, engine, lead_to):
    SendingDomain.objects.update(open_tracking_enabled=False)
    contents = sent(domain, engine, lead_to, stream=Stream.TRANSACTIONAL)
    assert len(set(contents.values())) == 1
    [content] = set(contents.values())
    assert content.endswith(message(**HTML))
    assert b"Unsubscribe" not in content.partition(b"DKIM-Signature")[0]
    assert source_of(Message.objects.all()[0]) == content


@pytest.mark.outside("mailauth")
def test_mailauth_verifies_tracked_bulk_mail_and_a_second_list_field_breaks_it(domain, engine, lead_to):
    content = sent(domain, engine, lead_to)[READERS[0]]
    selector = dkim.signatures(content)[0].selector
    pair = dkim.KeyPair(b"", domain.dkim_keys.get(selector=selector).public_key)
    forged = [
        b"List-Unsubscribe: <https://evil.test>\r\n",
        b"List-Unsubscribe-Post: x\r\n",
        b"Subject: x\r\n",
        b"To: x@y.z\r\n",
    ]
    answers = answers_of_mailauth([content, *(field + content for field in forged)], pair, selector)
    assert [answer["result"] == "pass" for answer in answers] == [True, False, False, False, False]


@pytest.mark.outside("mailparser")
def test_mailparser_reads_tracked_mail(domain, engine, lead_to, settings):
    content = sent(domain, engine, lead_to)[READERS[0]]
    with mailparser_running() as reader:
        said = reader.read(content)
    [html] = said.texts
    assert "Unsubscribe" in html
    assert [kind for kind, _ in own_links(html.encode(), settings)] == ["unsubscribe", "o"]
