"""The official SDKs send as they are, through the proxy for Mailtrap's names, and the mail is read where it arrived."""

import json
import sys
from typing import Any

import pytest

from mailtrap_site.testing.live_instance import LiveInstance
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.tests.live.arrivals import arrived, attachments, written_text
from mailtrap_site.tests.live.conftest import Proxy, run

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]

AUTHOR = "hello@demo.test"
SDKS = pytest.mark.parametrize(
    ("program", "ending"),
    [
        pytest.param(sys.executable, "py", marks=pytest.mark.outside("mailtrap-python"), id="python"),
        pytest.param("node", "js", marks=pytest.mark.outside("mailtrap-node"), id="node"),
    ],
)
STREAMS = pytest.mark.parametrize(("stream", "bulk"), [("transactional", "0"), ("bulk", "1")])


@SDKS
@STREAMS
def test_send(live: LiveInstance, proxy: Proxy, program: str, ending: str, stream: str, bulk: str) -> None:
    recipient, subject = f"sdk-{ending}-{stream}@reader.test", f"By {ending}, {stream}"
    answer = run(
        [program, str(NODE_DIR / f"send_with_mailtrap.{ending}")],
        **proxy.settings,
        **mail_settings(live, recipient, subject),
        BULK=bulk,
    )
    check_what_was_sent(live, json.loads(answer), recipient, subject, stream)


@pytest.mark.outside("mailtrap-python")
@STREAMS
def test_the_python_sdk_sends_to_the_host_that_it_is_given(
    live: LiveInstance, https_host: str, stream: str, bulk: str
) -> None:
    """As behind an operator's own HTTPS proxy, without ours; the path names the stream."""
    recipient, subject = f"api-host-{stream}@reader.test", f"By api_host, {stream}"
    answer = run(
        [sys.executable, str(NODE_DIR / "send_with_mailtrap.py")],
        **mail_settings(live, recipient, subject),
        API_HOST=f"{https_host}/bulk" if bulk == "1" else https_host,
        REQUESTS_CA_BUNDLE=str(live.certificate_authority),
        NO_PROXY="localhost",
    )
    check_what_was_sent(live, json.loads(answer), recipient, subject, stream)


@SDKS
@STREAMS
def test_batch(live: LiveInstance, proxy: Proxy, program: str, ending: str, stream: str, bulk: str) -> None:
    first, second = (f"batch-{number}-{ending}-{stream}@reader.test" for number in (1, 2))
    said = run(
        [program, str(NODE_DIR / f"batch_with_mailtrap.{ending}")],
        **proxy.settings,
        **mail_settings(live, f"{first},{second}", "Of the base"),
        BULK=bulk,
    )
    answer = json.loads(said)
    assert answer["success"] is True
    taken, replaced, refused = answer["responses"]
    assert (refused["success"], refused["errors"]) == (False, ["Unauthorized"])
    for recipient, response, subject, text in (
        (first, taken, "Of the base", "Größe: 1 €"),
        (second, replaced, "Another", "Größe: 2 €"),
    ):
        assert response["success"] is True
        (message_id,) = response["message_ids"]
        logged = live.demo.wait_until(message_id, "delivered")
        assert (logged["to"], logged["sending_stream"], logged["category"]) == (recipient, stream, "Outside")
        mail = arrived(live, recipient)
        assert (mail["From"], mail["To"], mail["Subject"]) == (f"Shop – Grüße <{AUTHOR}>", recipient, subject)
        assert written_text(mail) == text


def mail_settings(live: LiveInstance, recipients: str, subject: str) -> dict[str, str]:
    return {"API_TOKEN": live.facts["API_TOKEN"], "FROM": AUTHOR, "TO": recipients, "SUBJECT": subject}


def check_what_was_sent(live: LiveInstance, answer: dict[str, Any], recipient: str, subject: str, stream: str) -> None:
    assert answer["success"] is True
    (message_id,) = answer["message_ids"]
    logged = live.demo.wait_until(message_id, "delivered")
    assert logged["sending_stream"] == stream
    assert logged["category"] == "Outside"
    assert logged["custom_variables"] == {"order": "58213"}
    mail = arrived(live, recipient)
    assert (mail["From"], mail["To"], mail["Subject"]) == (f"Shop – Grüße <{AUTHOR}>", recipient, subject)
    assert written_text(mail) == "Größe: 1 €"
    assert attachments(mail) == {"größe.txt": "1 €".encode()}
