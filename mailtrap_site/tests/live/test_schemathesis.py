"""Schemathesis asks the live instance what its own document of the sending API allows and forbids: no answer is a
fault of ours, and each is as documented."""

import sys
from pathlib import Path

import pytest

from mailtrap_site.testing.live_instance import LiveInstance
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.tests.live.conftest import run

pytestmark = [
    pytest.mark.xdist_group("live"),
    pytest.mark.timeout(300),
    pytest.mark.outside("schemathesis-python"),
]

SETTINGS = NODE_DIR / "schemathesis.toml"


def test_the_sending_api_is_as_its_document_says(live: LiveInstance, tmp_path: Path) -> None:
    recipient, program = "schemathesis@reader.test", Path(sys.executable).with_name("schemathesis")
    operations = ("--include-path", "/api/send", "--include-path", "/api/batch")
    said = run(
        [str(program), "--config-file", str(SETTINGS), "run", f"{live.url}/api/openapi.json", *operations],
        tmp_path,
        API_TOKEN=live.facts["API_TOKEN"],
        FROM="hello@demo.test",
        TO=recipient,
        NO_PROXY="*",
        PYTHONPATH=str(NODE_DIR),
        SCHEMATHESIS_HOOKS="schemathesis_hooks",
    )
    assert "No issues found" in said
    # What is valid went all the way: otherwise only the refusals would have been asked for.
    wanted = {"filters[to][operator]": "ci_equal", "filters[to][value]": recipient}
    assert live.demo.get("email_logs", **wanted)["total_count"] > 10
