"""The official SDK's sandbox client, and swaks, fill a sandbox of the live instance; its page shows what they sent."""

import json
import sys

import pytest

from mailtrap_site.testing.live_instance import LiveInstance
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.testing.visitor import Visitor
from mailtrap_site.tests.live.conftest import Proxy, run

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]

STRANGE = "hello@unverified.test"
"""A sender of no domain that anybody added."""


@pytest.fixture
def reader(live: LiveInstance) -> Visitor:
    """The demo account's owner, signed in."""
    visitor = live.visitor()
    visitor.open("/accounts/login/")
    visitor.press("Sign in", login=live.facts["LOGIN_EMAIL"], password=live.facts["LOGIN_PASSWORD"])
    return visitor


def sandbox_path(live: LiveInstance) -> str:
    return f"/a/{live.facts['ACCOUNT_ID']}/sandboxes/{live.facts['SANDBOX_ID']}/"


@pytest.mark.outside("mailtrap-python")
def test_the_official_python_sdk_sends_into_a_sandbox(live: LiveInstance, proxy: Proxy, reader: Visitor) -> None:
    used, queued = live.demo.used, live.demo.get("email_logs")["total_count"]
    said = run(
        [sys.executable, str(NODE_DIR / "sandbox_with_mailtrap.py")],
        **proxy.settings,
        API_TOKEN=live.facts["API_TOKEN"],
        SANDBOX_ID=live.facts["SANDBOX_ID"],
        FROM=STRANGE,
        TO="sdk-1@reader.test,sdk-2@reader.test",
        SUBJECT="Sandbox by SDK",
    )
    sent, batch = json.loads(said)
    (message_id,) = sent["message_ids"]
    assert sent["success"] is True
    assert [(one["success"], len(one["message_ids"])) for one in batch["responses"]] == [(True, 1), (True, 1)]
    listed = reader.open(f"{sandbox_path(live)}?q=Sandbox+by+SDK")
    assert "3 emails that match" in listed
    mail = reader.open(f"{sandbox_path(live)}{message_id}/?show=checks")
    for words in (
        "sdk-1@reader.test",
        "sdk-2@reader.test",
        "Outside",
        "unverified.test is not among your sending domains",
    ):
        assert words in mail
    assert (live.demo.used, live.demo.get("email_logs")["total_count"]) == (used, queued)
    assert live.captured("sdk-1@reader.test") == []


@pytest.mark.outside("swaks")
def test_swaks_sends_into_a_sandbox(live: LiveInstance, reader: Visitor) -> None:
    said = run(
        [
            *("swaks", "--server", live.facts["SMTP_HOST"], "--port", live.facts["SMTP_PORT"]),
            *("--tls", "--tls-verify", "--tls-ca-path", str(live.certificate_authority)),
            *("--auth-user", f"sandbox-{live.facts['SANDBOX_ID']}", "--auth-password", live.facts["API_TOKEN"]),
            *("--from", STRANGE, "--to", "swaks-1@reader.test,swaks-2@reader.test"),
            *("--header", "Subject: Sandbox by swaks", "--body", "It works."),
        ]
    )
    message_id = said.partition("Queued as ")[2].split()[0]
    mail = reader.open(f"{sandbox_path(live)}{message_id}/?show=text")
    assert all(words in mail for words in ("Sandbox by swaks", "swaks-2@reader.test", "It works.", "Came by SMTP"))
    assert live.captured("swaks-1@reader.test") == []
