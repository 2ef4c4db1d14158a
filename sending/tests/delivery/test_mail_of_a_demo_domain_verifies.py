"""Mail of a demo domain, as a receiver judges it: DKIM and return path by what our own zone answers, and no more."""

import re

import dns.message
import pytest

from domains import demo
from domains.nameserver import answer
from domains.tests.dkim.messages import verifies
from domains.zones import PlatformZone, Zones
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.models import Message
from sending.tests.queued import MESSAGE, queue_message


@pytest.fixture
def platform(settings):
    settings.PLATFORM_DOMAIN = "platform.test"
    return Zones(PlatformZone("platform.test", "192.0.2.10"), kept_seconds=0)


def looked_up(zones, name, rdtype):
    found = answer(dns.message.make_query(name, rdtype), zones).answer[-1]
    return b"".join(found[0].strings).decode()


def test_its_signature_and_return_path_stand_in_our_zone(domain, platform, engine, lead_to):
    own = demo.make(domain.account)
    source = MESSAGE.replace(b"news@example.test", f"news@{own.name}".encode())
    [message_id] = queue_message(own, "alice@acme.test", message=source)
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        engine.drain(10)
    assert Message.objects.get(pk=message_id).status == "delivered"
    [mail] = mx.mails
    signature = re.search(rb"DKIM-Signature:.*?\r\n(?=\S)", mail.content, re.DOTALL)[0].decode()
    tags = dict(re.findall(r"\b(d|s)=([^;\s]+)", signature))
    assert tags["d"] == own.name
    record = looked_up(platform, f"{tags['s']}._domainkey.{tags['d']}", "TXT")
    assert verifies(mail.content, record.partition("p=")[2])
    bounces_to = mail.mail_from.rpartition("@")[2].strip("<>")
    assert bounces_to == own.return_path_domain
    assert looked_up(platform, bounces_to, "TXT") == "v=spf1 ip4:192.0.2.10 ~all"
