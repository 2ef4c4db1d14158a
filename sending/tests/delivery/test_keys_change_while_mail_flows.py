"""Mail is signed by the key that signs when it leaves, and by Ed25519 where that stands; its source stays true."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.utils import timezone

from domains import dkim, keys
from domains.dkim import Algorithm, Result
from domains.key_states import SETTLES_IN, STAYS_FOR
from domains.models import DkimKey, SendingDomain
from domains.tests.key_story import BothZones, pass_time
from mailtrap_site.testing.captured import make_captured
from mailtrap_site.testing.fake_dns import resolving
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.capture.authentication import authenticate
from sending.delivery.sign import forget_keys
from sending.delivery.source import CannotCompose, source_of
from sending.models import Attempt, Content, Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue.claim import claim
from sending.tests.queued import queue_message


def sent(engine, domain, lead_to, *recipients):
    """What arrived, and the rows of what was sent, in one order."""
    ids = queue_message(domain, *recipients)
    with receiving(FakeMx()) as server:
        lead_to(server)
        engine.drain(10)
    mails = sorted(server.mails, key=lambda mail: str(mail.recipients))
    return [mail.content for mail in mails], [Message.objects.get(pk=one) for one in ids]


def selectors(source):
    return [(one.selector, one.algorithm) for one in dkim.signatures(source)]


def replace_key(domain, dns):
    """A whole replacement, from the button to the first signature."""
    stored = SendingDomain.objects.get(pk=domain.pk)
    pass_time(stored, STAYS_FOR)
    keys.replace(stored)
    pass_time(stored, SETTLES_IN)
    assert keys.settle(domain.pk)


@pytest.fixture
def dns(domain):
    zones = BothZones(domain)
    with resolving(zones):
        yield zones


@pytest.fixture
def doubly(domain, dns):
    """The domain with Ed25519 that stands."""
    keys.choose_ed25519(domain, enabled=True)
    dns.publish(domain)
    assert keys.settle(domain.pk)
    return SendingDomain.objects.get(pk=domain.pk)


def claimed_keys():
    [one] = claim(raw_cursor(), now=timezone.now())
    return one.dkim_key_id, one.ed25519_key_id


def test_a_claim_names_the_key_that_began_last_and_no_retired_or_waiting_one(domain):
    first, second = domain.dkim_keys.order_by("selector")
    queue_message(domain, "a@far.test")
    assert claimed_keys() == (first.pk, None)
    DkimKey.objects.filter(pk=second.pk).update(signs_since=timezone.now())
    queue_message(domain, "b@far.test")
    assert claimed_keys() == (second.pk, None)
    DkimKey.objects.filter(pk=second.pk).update(retired_at=timezone.now())
    queue_message(domain, "c@far.test")
    assert claimed_keys() == (first.pk, None)


def test_a_claim_names_an_ed25519_key_only_where_it_is_wanted_and_stands(domain, dns):
    keys.choose_ed25519(domain, enabled=True)
    queue_message(domain, "a@far.test")
    assert claimed_keys()[1] is None
    dns.publish(domain)
    [second] = keys.settle(domain.pk)
    queue_message(domain, "b@far.test")
    assert claimed_keys()[1] == second.pk
    keys.choose_ed25519(SendingDomain.objects.get(pk=domain.pk), enabled=False)
    queue_message(domain, "c@far.test")
    assert claimed_keys()[1] is None


def test_two_signatures_leave_and_both_stand(doubly, engine, lead_to):
    [arrived], [message] = sent(engine, doubly, lead_to, "rita@far.test")
    assert selectors(arrived) == [("mt1", "rsa-sha256"), ("mt3", "ed25519-sha256")]
    publics = dict(doubly.dkim_keys.values_list("selector", "public_key"))
    for one in dkim.signatures(arrived):
        assert dkim.verify(arrived, one, publics[one.selector]) is Result.PASS
    assert source_of(message) == arrived
    told = authenticate(make_captured(None, arrived, mail_from=""), arrived)
    assert [one.tone for one in told if one.mechanism == "DKIM"] == ["good", "good"]


def test_an_ed25519_key_that_does_not_open_holds_up_nothing(doubly, engine, lead_to):
    DkimKey.objects.filter(algorithm=Algorithm.ED25519).update(private_key="no key")
    [arrived], _ = sent(engine, doubly, lead_to, "rita@far.test")
    assert selectors(arrived) == [("mt1", "rsa-sha256")]


def test_the_source_is_what_left_through_many_replacements(domain, dns, engine, lead_to):
    left = []
    for turn in range(4):
        [arrived], [message] = sent(engine, domain, lead_to, f"rita{turn}@far.test")
        left.append((message, arrived))
        replace_key(domain, dns)
    # Ed25519 comes and goes, and a key leaks.
    keys.choose_ed25519(SendingDomain.objects.get(pk=domain.pk), enabled=True)
    dns.publish(domain)
    keys.settle(domain.pk)
    [arrived], [message] = sent(engine, domain, lead_to, "both@far.test")
    left.append((message, arrived))
    keys.give_up(SendingDomain.objects.get(pk=domain.pk))
    keys.choose_ed25519(SendingDomain.objects.get(pk=domain.pk), enabled=False)
    [arrived], [message] = sent(engine, domain, lead_to, "after@far.test")
    left.append((message, arrived))
    forget_keys()
    assert [len(dkim.signatures(arrived)) for _, arrived in left] == [1, 1, 1, 1, 2, 1]
    for message, arrived in left:
        attempt = Attempt.objects.get(message=message.pk)
        assert sha256(arrived).digest() == bytes(attempt.content_sha256 or b"")
        assert source_of(message) == arrived
    assert len({selectors(arrived)[0] for _, arrived in left}) == 2


def test_mail_that_waits_is_shown_as_it_would_leave_now(doubly, dns):
    [message_id] = queue_message(doubly, "rita@far.test")
    message = Message.objects.get(pk=message_id)
    assert selectors(source_of(message)) == [("mt1", "rsa-sha256"), ("mt3", "ed25519-sha256")]
    replace_key(doubly, dns)
    keys.choose_ed25519(SendingDomain.objects.get(pk=doubly.pk), enabled=False)
    assert selectors(source_of(message)) == [("mt2", "rsa-sha256")]


def test_a_source_that_cannot_be_what_left_is_not_shown(domain, engine, lead_to):
    _, [message] = sent(engine, domain, lead_to, "rita@far.test")
    assert source_of(message)
    pair = dkim.generate()
    domain.dkim_keys.update(public_key=pair.public_base64)
    for key in domain.dkim_keys.all():
        key.private_key = pair.private_pem.decode()
        key.save()
    forget_keys()
    with pytest.raises(CannotCompose, match="signing key"):
        source_of(message)
    Content.objects.all().delete()
    with pytest.raises(CannotCompose, match="no longer stored"):
        source_of(message)


def test_a_retried_message_shows_what_its_last_attempt_sent(domain, dns, engine, lead_to):
    queue_message(domain, "rita@far.test")
    with receiving(FakeMx({"DOT": "451 4.7.1 Later"})) as server:
        lead_to(server)
        engine.drain(10)
    replace_key(domain, dns)
    QueueEntry.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    with receiving(FakeMx()) as server:
        lead_to(server)
        engine.drain(10)
    [mail] = server.mails
    message = Message.objects.get()
    assert Attempt.objects.filter(message=message.pk, content_sha256__isnull=False).count() == 2
    assert selectors(mail.content) == [("mt2", "rsa-sha256")]
    assert source_of(message) == mail.content
