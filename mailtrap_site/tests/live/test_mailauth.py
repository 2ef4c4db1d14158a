"""A verifier that we did not write finds the signature of what arrived, with the key that our name server answers."""

import json
import os
import subprocess

import pytest

from mailtrap_site.testing.live_instance import LiveInstance
from mailtrap_site.testing.outside import NODE_DIR

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]

AUTHOR = "hello@demo.test"


@pytest.mark.outside("mailauth")
def test_mailauth_verifies_what_arrived_with_the_key_of_our_name_server(live: LiveInstance) -> None:
    mail = {
        "from": {"email": AUTHOR, "name": "Grüße"},
        "to": [{"email": "dkim@reader.test"}],
        "subject": "Größe " * 20,
        "html": "<p>Größe: 1 €</p>" * 50,
    }
    live.demo.send(mail)
    message = live.wait_for_captured("dkim@reader.test")
    assert verified(live, message) == [("pass", "demo.test")]
    assert verified(live, message.replace(b"Subject: ", b"Subject: x", 1)) == [("fail", "demo.test")]


def verified(live: LiveInstance, message: bytes) -> list[tuple[str, str]]:
    """mailauth's result and domain for each signature."""
    done = subprocess.run(
        ["node", str(NODE_DIR / "verify_dkim.js")],
        env=os.environ | {"DNS_SERVER": f"127.0.0.1:{live.settings['DNS_PORT']}"},
        input=message,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [(one["result"], one["domain"]) for one in json.loads(done.stdout)]
