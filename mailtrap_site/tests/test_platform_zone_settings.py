"""What the platform's zone says about servers and senders is set by the operator, and a slip is named at the start."""

import os
import subprocess
import sys

import pytest

from mailtrap_site.environment import BASE_DIR

READ = (
    "from mailtrap_site.environment import read; d = read().domains; "
    "print(repr((d.name_servers, d.platform_ipv6, d.platform_spf)))"
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


def test_without_them_one_server_and_one_address_serve() -> None:
    assert read().stdout.strip() == "((), '', ())"


def test_each_is_read() -> None:
    said = read(
        PLATFORM_NAMESERVERS="ns1.deliver.example, NS2.deliver.example.=198.51.100.2",
        PLATFORM_IPV6="2001:db8::10",
        PLATFORM_SPF="include:_spf.relay.example a:out.relay.example",
    ).stdout
    servers = "(('ns1.deliver.example', ''), ('ns2.deliver.example', '198.51.100.2'))"
    assert said.strip() == f"({servers}, '2001:db8::10', ('include:_spf.relay.example', 'a:out.relay.example'))"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"PLATFORM_NAMESERVERS": "ns1.deliver.example=here"}, "PLATFORM_NAMESERVERS holds 'here'"),
        ({"PLATFORM_IPV6": "192.0.2.1"}, "write an IPv6 address"),
        ({"PLATFORM_IPV6": "many"}, "PLATFORM_IPV6 holds 'many'"),
    ],
)
def test_a_slip_is_named(given: dict[str, str], word: str) -> None:
    done = read(**given)
    assert done.returncode != 0
    assert word in done.stderr
    assert "Traceback" not in done.stderr
