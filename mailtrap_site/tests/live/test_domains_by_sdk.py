"""The official SDKs look after sending domains as they are, and what they did stands in the instance."""

import json
import re
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from mailtrap_site.testing.live_instance import LiveInstance
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.tests.live.conftest import Proxy, run

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]

SDKS = pytest.mark.parametrize(
    ("program", "ending"),
    [
        pytest.param(sys.executable, "py", marks=pytest.mark.outside("mailtrap-python"), id="python"),
        pytest.param("node", "js", marks=pytest.mark.outside("mailtrap-node"), id="node"),
    ],
)


@SDKS
def test_a_domains_life_by_sdk(live: LiveInstance, proxy: Proxy, program: str, ending: str) -> None:
    name, colleague = f"sdk-{ending}.test", f"dns-{ending}@reader.test"
    said = run(
        [program, str(NODE_DIR / f"domains_with_mailtrap.{ending}")],
        **proxy.settings,
        API_TOKEN=live.facts["API_TOKEN"],
        ACCOUNT_ID=live.facts["ACCOUNT_ID"],
        DOMAIN=name,
        COLLEAGUE=colleague,
    )
    answers: dict[str, Any] = json.loads(said)
    created = answers["created"]
    assert (created["domain_name"], created["compliance_status"]) == (name, "unverified_dns")
    assert created["dns_verified"] is False
    records = {record["key"]: record for record in created["dns_records"]}
    assert records.keys() == {"verification", "dkim1", "dkim2", "dmarc", "link_verification"}
    assert {name, "demo.test"} <= set(answers["listed"])
    assert answers["got"]["id"] == created["id"]
    assert (created["open_tracking_enabled"], answers["updated"]["open_tracking_enabled"]) == (True, False)
    assert (answers["company"]["city"], answers["company"]["info_level"]) == ("Leeds", "business")
    assert answers["moved"]["city"] == "York"
    assert answers["read"] == answers["moved"]
    assert "Validation failed: Domain name can't be blank" in answers["refused"][0]
    assert answers["deleted"] == created["id"]
    assert name not in answers["left"]
    # The letter has left, and its link died with the domain.
    letter = letter_to(live, colleague)
    assert records["dkim1"]["value"] in text_of(letter)
    assert requests.get(link_in(live, letter), timeout=30).status_code == 410


def test_the_newer_dialect_of_go_and_terraform_does_the_same(live: LiveInstance) -> None:
    colleague = "dns-go@reader.test"
    created = ask(live, "POST", "/api/domains", {"domain": {"domain_name": "go.test"}})
    where = f"/api/domains/{created['id']}"
    assert ask(live, "PATCH", where, {"domain": {"open_tracking_enabled": False}})["open_tracking_enabled"] is False
    ask(live, "POST", f"{where}/send_setup_instructions", {"email": colleague})
    # Published, checked by the API, verified; the colleague's link shows it to somebody who never signed in.
    link = link_in(live, letter_to(live, colleague))
    assert "0 of 4 records are in place" in requests.get(link, timeout=30).text
    for record in created["dns_records"]:
        live.change(
            "INSERT INTO domains_zonerecord (name, type, value, ttl) VALUES (%s, %s, %s, 60)",
            *(record[part] for part in ("domain", "type", "value")),
        )
    verified = ask(live, "POST", f"{where}/verification")
    assert verified["dns_verified"] is True
    assert {record["status"] for record in verified["dns_records"]} == {"pass"}
    assert "All records of go.test stand" in requests.get(link, timeout=30).text
    ask(live, "DELETE", where)
    assert requests.get(link, timeout=30).status_code == 410


def ask(live: LiveInstance, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {live.facts['API_TOKEN']}"}
    answer = requests.request(method, live.url + path, json=body, headers=headers, timeout=60)
    assert answer.status_code in (200, 204), f"{answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


def letter_to(live: LiveInstance, recipient: str) -> EmailMessage:
    letter = message_from_bytes(live.wait_for_captured(recipient), policy=default)
    assert isinstance(letter, EmailMessage)
    return letter


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(live: LiveInstance, letter: EmailMessage) -> str:
    (link,) = re.findall(r"\S+/setup/\S+", text_of(letter))
    return live.url + urlsplit(link).path
