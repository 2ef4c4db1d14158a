"""opendkim from Debian's package on a unix socket (a TCP milter stalls), signing RSA-2048 as ours does; needs root."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

# Debian's settings, with the canonicalisation that ours uses, a socket that Postfix may open, and a key in /tmp.
CONFIGURATION = """\
Syslog yes
SyslogSuccess yes
Canonicalization relaxed/relaxed
OversignHeaders From
Mode s
UserID opendkim
UMask 000
RequireSafeKeys no
Socket local:{folder}/socket
Domain {domains}
Selector bench
KeyFile {folder}/key.pem
"""


@dataclass(frozen=True, slots=True)
class Milter:
    """A running signer; `address` as Postfix spells it."""

    address: str
    pid: int


@contextlib.contextmanager
def running(folder: Path, domains: Sequence[str]) -> Iterator[Milter]:
    """Signs mail from these domains."""
    folder.mkdir(mode=0o755)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    (folder / "key.pem").chmod(0o600)
    (folder / "opendkim.conf").write_text(CONFIGURATION.format(folder=folder, domains=",".join(domains)))
    for path in (folder, folder / "key.pem"):
        shutil.chown(path, "opendkim", "opendkim")
    server = subprocess.Popen(["opendkim", "-f", "-x", str(folder / "opendkim.conf")], process_group=0)
    try:
        _wait_until_ready(folder / "socket", server)
        yield Milter(f"unix:{folder}/socket", server.pid)
    finally:
        server.terminate()
        server.wait()


def _wait_until_ready(socket: Path, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 10
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("opendkim does not start.")
        time.sleep(0.05)
