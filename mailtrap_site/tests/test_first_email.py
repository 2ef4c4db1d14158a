"""The first email, over the real doors of a whole instance: from signing up to a mail that is delivered and signed."""

import re
import smtplib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import urlsplit

import pytest

from domains.tests.dkim.messages import verifies
from mailtrap_site.testing.live_instance import LiveInstance
from mailtrap_site.testing.newcomer import set_up_a_domain

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]

ADDRESS, PASSWORD, DOMAIN = "grace@newcomer.test", "three unrelated words", "example.test"


def test_from_sign_up_to_the_first_delivered_mail(live: LiveInstance) -> None:
    # Sign up. The letter that confirms the address travels our own pipeline.
    visitor = live.visitor()
    visitor.open("/accounts/signup/")
    visitor.press("Create account", name="Grace Newcomer", email=ADDRESS, password1=PASSWORD)
    assert "A letter is on its way" in visitor.words
    letter = live.wait_for_captured(ADDRESS)
    visitor.open(confirmation_link(letter))
    visitor.press("Confirm the address")

    # Sign in, with another browser.
    grace = live.visitor()
    grace.open("/accounts/login/")
    grace.press("Sign in", login=ADDRESS, password=PASSWORD)
    account = re.fullmatch(r"/a/(\d+)/", grace.path)
    assert account, grace.path
    assert "0 of 4,000" in grace.words

    # Add a domain, publish its records in the demo zone, have them checked, say who sends.
    set_up_a_domain(grace, account[0], DOMAIN)

    # Make a token. It is shown once.
    grace.open(f"{account[0]}tokens/")
    grace.press("Add the token", name="Shop")
    (token,) = [text for text in grace.text_of("code") if re.fullmatch("[0-9a-f]{32}", text)]
    assert token not in grace.open(f"{account[0]}tokens/")
    shop = live.client(int(account[1]), token)
    assert shop.used == 0

    # Send by the HTTP API, to three recipients.
    mail = {
        "from": {"email": f"shop@{DOMAIN}", "name": "Shop"},
        "to": [{"email": "ada@reader.test"}],
        "cc": [{"email": "bob@reader.test"}],
        "bcc": [{"email": "cleo@reader.test"}],
        "subject": "By the API",
        "text": "It works.",
        "html": "<h1>It works.</h1>",
    }
    sent = shop.send(mail)
    assert len(sent) == 3
    assert shop.used == 3

    # Send by SMTP.
    with live.smtp(token) as session:
        assert session.send_message(plain_mail("dora@reader.test", "By SMTP")) == {}
    assert shop.used == 4

    # A mailbox that does not exist.
    bounced = shop.send(mail | {"to": [{"email": "bounce@simulator.test"}], "cc": [], "bcc": [], "subject": "Away"})
    assert shop.used == 5

    # The API's log and the pages say the same.
    for message_id in sent:
        delivered = shop.wait_until(message_id, "delivered")
        assert [event["event_type"] for event in delivered["events"]] == ["delivery"]
    by_smtp = shop.wait_until(shop.find("dora@reader.test")["message_id"], "delivered")
    assert by_smtp["subject"] == "By SMTP"
    log = grace.open(f"{account[0]}log/")
    for recipient in ("ada@reader.test", "bob@reader.test", "cleo@reader.test", "dora@reader.test"):
        assert re.search(rf"Delivered {recipient} By (the API|SMTP)", log), log
    grace.follow("dora@reader.test")
    assert "Delivered to dora@reader.test" in grace.text_of("h1")
    assert "5 of 4,000" in grace.open(account[0])
    assert shop.used == 5

    # What bounced shows what the receiving server answered.
    shop.wait_until(bounced[0], "not_delivered")
    (event,) = shop.message(bounced[0])["events"]
    assert event["event_type"] == "bounce"
    assert event["details"]["email_service_provider_status"] == "5.1.1"
    assert "No such user here" in event["details"]["email_service_provider_response"]
    grace.open(f"{account[0]}log/{bounced[0]}/")
    assert "Bounced: the mailbox bounce@simulator.test does not exist" in grace.text_of("h1")
    assert "No such user here" in grace.words
    assert "RCPT TO:<bounce@simulator.test>" in grace.words

    # What arrived is signed by the domain, with the key that its DNS names.
    for recipient in ("ada@reader.test", "bob@reader.test", "cleo@reader.test", "dora@reader.test"):
        arrived = live.wait_for_captured(recipient)
        assert verifies(arrived, key_in_dns(live, arrived))
        assert b"cleo@reader.test" not in arrived

    # A verified domain permits neither what lies below it nor what it lies in, at either door.
    below, parent = f"mail.{DOMAIN}", DOMAIN.partition(".")[2]
    for other, status in ((below, 401), (parent, 400)):
        refusal = shop.post("/api/send", mail | {"from": {"email": f"shop@{other}"}})
        assert (refusal.status_code, refusal.json()["success"]) == (status, False), refusal.text
        with live.smtp(token) as session, pytest.raises(smtplib.SMTPResponseException) as refused:
            session.send_message(plain_mail("ada@reader.test", "No", sender=f"shop@{other}"))
        assert refused.value.smtp_code == 550
        assert refused.value.smtp_error == f"5.7.1 Sending from domain {other} is not allowed".encode()
    assert shop.used == 5


def confirmation_link(letter: bytes) -> str:
    """The path of the link to follow, from the letter's text."""
    text = message_from_bytes(letter, _class=EmailMessage, policy=default).get_body(("plain",))
    assert text is not None
    (address,) = re.findall(r"http://\S+/confirm-email/\S+", text.get_content())
    return urlsplit(address).path


def plain_mail(recipient: str, subject: str, sender: str = f"shop@{DOMAIN}") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail.set_content("It works.")
    return mail


def key_in_dns(live: LiveInstance, message: bytes) -> str:
    """The public key that the signature's selector leads to at the instance's own name server."""
    field = re.split(rb"\r\n(?![ \t])", message)[0].decode()
    tags = dict(tag.strip().split("=", 1) for tag in re.sub(r"\s+", "", field.partition(":")[2]).split(";") if tag)
    assert tags["d"] == DOMAIN
    record = live.txt(f"{tags['s']}._domainkey.{tags['d']}")
    return record.partition("p=")[2].partition(";")[0]
