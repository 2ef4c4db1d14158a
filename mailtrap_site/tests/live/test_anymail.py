"""django-anymail's backend for Mailtrap, unmodified, led here by MAILTRAP_API_URL: each of its features arrives."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from mailtrap_site.testing.live_instance import LiveInstance, wait_for
from mailtrap_site.tests.live.arrivals import arrived, attachments, text_of

pytestmark = [
    pytest.mark.xdist_group("live"),
    pytest.mark.timeout(300),
    pytest.mark.outside("anymail-python"),
]

Message = Callable[..., Any]
AUTHOR = "Shop – Grüße <hello@demo.test>"
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


@pytest.fixture
def message(live: LiveInstance, monkeypatch: pytest.MonkeyPatch) -> Message:
    """Makes a mail whose `send` goes to the live instance; `bulk` chooses the stream."""
    from anymail.backends.mailtrap import EmailBackend

    monkeypatch.setenv("NO_PROXY", "*")

    def message(to: list[str], *, bulk: bool = False, **fields: Any) -> Any:
        url = f"{live.url}/bulk/api/" if bulk else f"{live.url}/api/"
        connection = EmailBackend(api_token=live.facts["API_TOKEN"], api_url=url)
        return EmailMultiAlternatives("Größe", "Text: 1 €", AUTHOR, to, connection=connection, **fields)

    return message


def ids_of(mail: Any) -> dict[str, str]:
    """Message ids by recipient, as the backend read them from our answer."""
    assert mail.anymail_status.status == {"queued"}
    return {address: one.message_id for address, one in mail.anymail_status.recipients.items()}


def test_recipients_headers_and_bodies(live: LiveInstance, message: Message) -> None:
    to, cc, bcc = (f"anymail-{kind}@reader.test" for kind in ("to", "cc", "bcc"))
    mail = message(
        [f"Zoë <{to}>"], cc=[cc], bcc=[bcc], reply_to=["Hilfe <help@demo.test>"], headers={"X-Shop": "Bücher"}
    )
    mail.attach_alternative("<p>HTML: 1 €</p>", "text/html")
    assert mail.send() == 1
    ids = ids_of(mail)
    assert list(ids) == [to, cc, bcc]
    for recipient in (to, cc, bcc):
        assert live.demo.wait_until(ids[recipient], "delivered")["to"] == recipient
        came = arrived(live, recipient)
        assert (came["From"], came["To"], came["Cc"], came["Bcc"]) == (AUTHOR, f"Zoë <{to}>", cc, None)
        assert (came["Reply-To"], came["X-Shop"], came["Subject"]) == ("Hilfe <help@demo.test>", "Bücher", "Größe")
        assert text_of(came) == "Text: 1 €"
        html, _end, pixel = html_of(came).partition("\n")
        assert html.strip() == "<p>HTML: 1 €</p>"
        assert pixel.startswith("<img ")
        assert "/t/o/" in pixel


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content()).strip()


def test_several_addresses_to_reply_to(live: LiveInstance, message: Message) -> None:
    mail = message(["anymail-reply@reader.test"], reply_to=["help@demo.test", "Büro <office@demo.test>"])
    mail.send()
    assert arrived(live, "anymail-reply@reader.test")["Reply-To"] == "help@demo.test, Büro <office@demo.test>"


def test_attachments_and_inline_images(live: LiveInstance, message: Message) -> None:
    from anymail.message import attach_inline_image

    recipient = "anymail-files@reader.test"
    mail = message([recipient])
    name = attach_inline_image(mail, PIXEL, filename="größe.gif", subtype="gif")
    mail.attach_alternative(f'<img src="cid:{name}">', "text/html")
    mail.attach("größe.txt", "1 €", "text/plain")
    mail.attach("data.bin", bytes(range(256)), "application/octet-stream")
    mail.send()
    came = arrived(live, recipient)
    assert attachments(came) == {"größe.txt": "1 €".encode(), "data.bin": bytes(range(256))}
    (image,) = [part for part in came.walk() if part.get_content_type() == "image/gif"]
    assert (image["Content-ID"], image.get_content_disposition()) == (f"<{name}>", "inline")
    assert image.get_payload(decode=True) == PIXEL


@pytest.mark.parametrize("bulk", [False, True])
def test_metadata_tags_and_what_goes_beyond_django(live: LiveInstance, message: Message, bulk: bool) -> None:
    recipient = f"anymail-metadata-{bulk}@reader.test"
    mail = message([recipient], bulk=bulk)
    mail.metadata = {"order": 58213, "größe": "1 €"}
    mail.tags = ["Receipt"]
    mail.esp_extra = {"headers": {"X-Extra": "1"}}
    mail.send()
    logged = live.demo.wait_until(ids_of(mail)[recipient], "delivered")
    assert logged["custom_variables"] == {"order": "58213", "größe": "1 €"}
    assert (logged["category"], logged["sending_stream"]) == ("Receipt", "bulk" if bulk else "transactional")
    assert arrived(live, recipient)["X-Extra"] == "1"


def test_a_batch_with_metadata_and_headers_for_each_recipient(live: LiveInstance, message: Message) -> None:
    ada, bob, copy = (f"anymail-batch-{name}@reader.test" for name in ("ada", "bob", "copy"))
    mail = message([ada, f"Bob <{bob}>"], bcc=[copy], headers={"X-Shop": "Books"})
    mail.metadata = {"shop": "books"}
    mail.merge_metadata = {ada: {"order": "1"}, bob: {"order": "2"}}
    mail.merge_headers = {ada: {"X-Order": "1"}, bob: {"X-Order": "2"}}
    mail.merge_data = {ada: {"name": "Ada"}, bob: {"name": "Bob"}}
    mail.send()
    ids = ids_of(mail)
    assert set(ids) == {ada, bob, copy}
    for recipient, number, shown in ((ada, "1", ada), (bob, "2", f"Bob <{bob}>")):
        logged = live.demo.wait_until(ids[recipient], "delivered")
        assert logged["custom_variables"] == {"shop": "books", "order": number}
        came = arrived(live, recipient)
        # Each sees himself alone.
        assert (came["To"], came["X-Order"], came["X-Shop"]) == (shown, number, "Books")
    wait_for(lambda: len(live.captured(copy)) == 2, "the blind copy of each")


def test_a_refusal_is_an_error_of_the_backend(live: LiveInstance, message: Message) -> None:
    from anymail.exceptions import AnymailRequestsAPIError

    mail = message(["anymail-refused@reader.test"])
    mail.from_email = "hello@elsewhere.test"
    with pytest.raises(AnymailRequestsAPIError, match="Unauthorized") as refused:
        mail.send()
    assert refused.value.status_code == 401
