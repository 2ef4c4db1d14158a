"""What is said of DKIM, SPF and DMARC is true of the mail's own octets and of what is published here."""

import pytest

from domains import dkim
from domains.models import DkimKey, SendingDomain
from mailtrap_site.testing.captured import SOURCE, make_captured, make_sandbox
from sending.capture.authentication import authenticate

pytestmark = pytest.mark.django_db


def signed(domain, source=SOURCE, name=""):
    key = DkimKey.objects.filter(domain=domain).order_by("selector").first()
    return (
        dkim.sign(
            source,
            domain=name or domain.name,
            selector=key.selector,
            key=dkim.load(key.private_key.encode()),
            timestamp=1_795_000_000,
        )
        + source
    )


def told(source, **fields):
    mail = make_captured(None, source, **{"mail_from": "b-x@mt.example.test", **fields})
    return [(one.mechanism, one.tone, one.heading) for one in authenticate(mail, source)]


GOOD_SPF = ("SPF", "good", "The return path is aligned with From")


def test_our_own_signature_stands_and_dmarc_passes(world):
    assert told(signed(world.domain)) == [
        ("DKIM", "good", "The signature of example.test stands"),
        GOOD_SPF,
        ("DMARC", "good", "Passes"),
    ]


def test_the_key_of_either_account_that_added_a_name_will_do(world):
    key = DkimKey.objects.filter(domain=world.stranger_domain).first()
    again = SendingDomain.objects.create(account=world.stranger_account, name=world.domain.name)
    DkimKey.objects.create(domain=again, selector=key.selector, key_id="other", public_key="AAAA", private_key="x")
    assert told(signed(world.domain))[0][1] == "good"


def test_a_changed_mail_is_told_as_such(world):
    changed = signed(world.domain).replace(b"this morning.", b"that morning.")
    assert told(changed) == [
        ("DKIM", "bad", "The signature of example.test does not stand"),
        GOOD_SPF,
        ("DMARC", "warn", "Passes by SPF alone"),
    ]


def test_a_key_of_others_is_not_judged(world):
    assert told(signed(world.domain, name="elsewhere.test"), mail_from="b@elsewhere.test") == [
        ("DKIM", "neutral", "Signed for elsewhere.test"),
        ("SPF", "warn", "The return path is not aligned with From"),
        ("DMARC", "neutral", "Not judged"),
    ]


def test_a_mail_without_any_proof_fails(world):
    assert told(SOURCE, mail_from="") == [
        ("DKIM", "warn", "Not signed"),
        ("SPF", "neutral", "The return path is empty"),
        ("DMARC", "bad", "Fails"),
    ]


@pytest.mark.parametrize(
    ("author", "tone", "heading"),
    [
        (b"shop@example.test", "good", "example.test may send"),
        (b"shop@stranger.test", "warn", "stranger.test is not among your sending domains"),
        (b"shop@new.test", "warn", "new.test may not send yet"),
        (b"nobody", "bad", "From names no domain"),
    ],
)
def test_a_sandbox_says_what_a_real_send_would_meet(world, author, tone, heading):
    SendingDomain.objects.create(account=world.account, name="new.test")
    source = SOURCE.replace(b"shop@example.test", author)
    mail = make_captured(make_sandbox(world.account), source)
    own, real = authenticate(mail, source)
    assert (own.mechanism, own.tone, own.heading) == ("DKIM", "neutral", "Not signed")
    assert (real.mechanism, real.tone, real.heading) == ("Sending domain", tone, heading)


def test_a_signature_that_came_along_is_named_in_a_sandbox(world):
    source = signed(world.domain)
    own, _real = authenticate(make_captured(make_sandbox(world.account), source), source)
    assert own.heading == "Signed for example.test before it came here"
