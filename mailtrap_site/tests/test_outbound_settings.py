"""Settings that exist for proofs keep an ordinary instance safe."""

import os
import subprocess
import sys

import pytest

from mailtrap_site.environment import BASE_DIR

READ = (
    "from mailtrap_site.environment import read; e = read(); "
    "print(e.outbound_port, e.outbound_public_only, e.lease_seconds)"
)


def read(**settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", READ],
        env=os.environ | settings,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_by_default_mail_goes_to_port_25_of_public_addresses():
    assert read().stdout.split() == ["25", "True", "180"]


def test_a_proof_may_lead_mail_to_the_loopback():
    said = read(OUTBOUND_PORT="2600", OUTBOUND_PUBLIC_ONLY="false", DEBUG="false", LEASE_SECONDS="6").stdout
    assert said.split() == ["2600", "False", "6"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"OUTBOUND_PUBLIC_ONLY": "false"}, "another OUTBOUND_PORT than 25"),
        ({"OUTBOUND_PUBLIC_ONLY": "false", "OUTBOUND_PORT": "2600", "DEBUG": "true"}, "DEBUG=false"),
        ({"OUTBOUND_PORT": "70000"}, "between 1 and 65535"),
        ({"LEASE_SECONDS": "1"}, "between 3 and 3600"),
        ({"WEB_WORKERS": "0"}, "at least 1"),
        ({"LOG_LEVEL": "loud"}, "DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ],
)
def test_what_would_harm_stops_the_process_with_a_sentence(given, word):
    done = read(**given)
    assert done.returncode == 1
    assert word in done.stderr
