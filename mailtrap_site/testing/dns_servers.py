"""Name servers that we did not write, on loopback addresses of one port: knot and nsd as authorities, unbound before.

Mark tests that use them `outside("knotd", "nsd", "unbound")`. Nothing leaves the machine: unbound knows where each zone
is served and asks nobody else.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query

UNBOUND, KNOT, NSD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
NOBODY = "127.0.0.9"
"""An address of the loopback where no server listens."""
SEARCH_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone file's text by the servers (addresses) that serve it; `signed` by knot with keys of its own, which unbound
    knows where the zone is `trusted`."""

    name: str
    text: str
    served_by: tuple[str, ...] = (KNOT, NSD)
    signed: bool = False
    trusted: bool = True


def free_port() -> int:
    """A port that is free on the loopback for UDP and TCP."""
    while True:
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind((UNBOUND, 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind((UNBOUND, port))
            except OSError:
                continue
            return port


@contextmanager
def knot(zones: Sequence[Zone], port: int, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """knotd at 127.0.0.2; on SIGHUP it reads its zone files (`knot-<name>.zone`) again."""
    parts = [
        f"server:\n  listen: {KNOT}@{port}\n  rundir: {directory}\n  user: {_user()}\n",
        f"log:\n  - target: {directory}/knot.log\n    any: info\n",
        f"database:\n  storage: {directory}\n",
        "policy:\n  - id: plain\n    algorithm: ecdsap256sha256\n    nsec3: off\n",
        "zone:\n",
    ]
    for zone in zones:
        file = directory / f"knot-{zone.name}.zone"
        file.write_text(zone.text)
        signing = "    dnssec-signing: on\n    dnssec-policy: plain\n" if zone.signed else ""
        parts.append(f"  - domain: {zone.name}\n    file: {file}\n    zonefile-load: difference\n{signing}")
    config = directory / "knot.conf"
    config.write_text("".join(parts))
    with _running(["knotd", "-c", str(config)], KNOT, port, directory / "knotd.out") as process:
        yield process


@contextmanager
def nsd(zones: Sequence[Zone], port: int, directory: Path) -> Iterator[None]:
    """nsd at 127.0.0.3."""
    parts = [
        f"server:\n  ip-address: {NSD}@{port}\n  username: {_user()}\n  zonesdir: {directory}\n",
        f"  pidfile: {directory}/nsd.pid\n  xfrdfile: {directory}/xfrd.state\n  xfrdir: {directory}\n",
        f"  zonelistfile: {directory}/zone.list\n",
        '  chroot: ""\n  database: ""\n  rrl-ratelimit: 0\nremote-control:\n  control-enable: no\n',
    ]
    for zone in zones:
        file = directory / f"nsd-{zone.name}.zone"
        file.write_text(zone.text)
        parts.append(f"zone:\n  name: {zone.name}\n  zonefile: {file}\n")
    config = directory / "nsd.conf"
    config.write_text("".join(parts))
    with _running(["nsd", "-d", "-c", str(config)], NSD, port, directory / "nsd.out"):
        yield


@contextmanager
def unbound(
    served: Mapping[str, Sequence[str]],
    port: int,
    directory: Path,
    *,
    anchors: Sequence[str] = (),
    address: str = UNBOUND,
) -> Iterator[str]:
    """A validating resolver; `served` says at which addresses each zone is. Gives "ip:port"."""
    lines = [
        "server:",
        f'  directory: "{directory}"\n  chroot: ""\n  username: ""\n  pidfile: "{directory}/unbound-{address}.pid"',
        f"  interface: {address}@{port}\n  access-control: 127.0.0.0/8 allow\n  do-not-query-localhost: no",
        '  module-config: "validator iterator"\n  num-threads: 1\n  do-ip6: no\n  use-syslog: no',
        '  local-zone: "test." nodefault\n  qname-minimisation: no\n  infra-host-ttl: 0\n  outbound-msg-retry: 1',
        *(f'  trust-anchor: "{anchor}"' for anchor in anchors),
        "remote-control:\n  control-enable: no",
    ]
    for name, addresses in served.items():
        lines += ["stub-zone:", f'  name: "{name}."', "  stub-prime: no"]
        lines += [f"  stub-addr: {one}@{port}" for one in addresses]
    # Whoever asks for a name outside gets an answer from nobody.
    lines += ["forward-zone:", '  name: "."', f"  forward-addr: {NOBODY}@{port}"]
    config = directory / f"unbound-{address}.conf"
    config.write_text("\n".join(lines) + "\n")
    with _running(["unbound", "-d", "-c", str(config)], address, port, directory / f"unbound-{address}.out"):
        yield f"{address}:{port}"


@contextmanager
def dns_world(
    zones: Sequence[Zone],
    directory: Path,
    *,
    anchors: Sequence[str] = (),
    misled: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[int]:
    """knot, nsd and unbound with these zones; `misled`: zones that nobody serves, by where unbound looks for them.

    Gives the port that all of them listen at.
    """
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(knot([zone for zone in zones if KNOT in zone.served_by], port, directory))
        stack.enter_context(nsd([zone for zone in zones if NSD in zone.served_by], port, directory))
        served: dict[str, Sequence[str]] = {zone.name: zone.served_by for zone in zones}
        served.update(misled or {})
        known = [anchor for zone in zones if zone.signed and zone.trusted for anchor in anchors_of(zone.name, port)]
        stack.enter_context(unbound(served, port, directory, anchors=[*known, *anchors]))
        yield port


def anchors_of(zone: str, port: int) -> list[str]:
    """The keys that knot signs `zone` with, as a validator's trust anchors."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        response = dns.query.udp(dns.message.make_query(zone, "DNSKEY"), KNOT, 2, port)
        if response.answer:
            return [f"{zone}. DNSKEY {rdata.to_text()}" for rdata in response.answer[0]]
        time.sleep(0.1)
    raise TimeoutError(f"knot does not sign {zone}")


@contextmanager
def _running(command: list[str], address: str, port: int, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.which(command[0], path=SEARCH_PATH)
    assert program is not None
    with output.open("wb") as log:
        process = subprocess.Popen([program, *command[1:]], stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(process, address, port, output)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def _wait_for(process: subprocess.Popen[bytes], address: str, port: int, output: Path) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            dns.query.tcp(dns.message.make_query("ready.invalid", "A"), address, 0.5, port)
        except (OSError, EOFError, dns.exception.DNSException):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{output.name}: {output.read_text(errors='replace')[-2000:]}")


def _user() -> str:
    return getpass.getuser()
