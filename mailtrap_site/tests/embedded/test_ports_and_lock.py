"""What is looked at before anything is started: the ports and the lock."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from mailtrap_site.embedded import lock
from mailtrap_site.embedded.ports import Wanted, obstacle
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.tests.embedded.conftest import Script, wait_for


def test_a_port_in_use_is_named_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = obstacle([Wanted("WEB_PORT", "web server", "127.0.0.1", port)])
    assert sentence is not None
    assert f"port {port} of 127.0.0.1 is in use" in sentence
    assert f"make run WEB_PORT={port + 1}" in sentence


def test_a_datagram_port_in_use_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stream, socket.socket(type=socket.SOCK_DGRAM) as taken:
        port = stream.getsockname()[1]
        taken.bind(("127.0.0.1", port))
        stream.close()
        assert obstacle([Wanted("DNS_PORT", "name server", "127.0.0.1", port)]) is None
        assert obstacle([Wanted("DNS_PORT", "name server", "127.0.0.1", port, datagrams=True)]) is not None


def test_free_ports_are_no_obstacle_and_stay_free() -> None:
    port = free_port()
    wanted = [Wanted("DNS_PORT", "name server", "127.0.0.1", port, datagrams) for datagrams in (False, True)]
    assert obstacle(wanted) is None
    assert obstacle(wanted) is None


def test_two_settings_with_one_port_are_told_apart() -> None:
    wanted = [Wanted("WEB_PORT", "web server", "127.0.0.1", 8020), Wanted("MX_PORT", "mx", "127.0.0.1", 8020)]
    assert obstacle(wanted) == "WEB_PORT and MX_PORT are both 8020. Give one of them another port in .env."


def test_an_address_of_another_machine_is_explained() -> None:
    sentence = obstacle([Wanted("WEB_PORT", "web server", "192.0.2.1", 8020)])
    assert sentence is not None
    assert "WEB_PORT" in sentence


def test_the_lock_is_held_by_one_and_gone_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "up.lock"
    with lock.held(file):
        assert file.read_text().strip() == str(os.getpid())
        with pytest.raises(lock.AlreadyRunning, match=f"running already on .*process {os.getpid()}"), lock.held(file):
            pass
    assert not file.exists()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path, script: Callable[..., Script]) -> None:
    file = tmp_path / "up.lock"
    source = f"""
import time
from pathlib import Path
from mailtrap_site.embedded import lock
with lock.held(Path({str(file)!r})):
    print("held")
    time.sleep(60)
"""
    holder = script(source)
    wait_for(lambda: holder.says("held"))
    with pytest.raises(lock.AlreadyRunning), lock.held(file):
        pass
    holder.process.kill()
    holder.process.wait()
    assert file.exists()
    with lock.held(file):
        pass
    assert not file.exists()
