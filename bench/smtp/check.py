"""Before anything is measured: what a peer hands to the sink is the mail that was sent, signed where it has to be."""

import re
from pathlib import Path

from bench.generating import Generator
from bench.smtp import sink
from bench.smtp.generator import Plan
from bench.smtp.mails import mails, texts
from bench.smtp.peer import Peer

MAILS, SIZE = 4, 3_000


def check(peer: Peer, folder: Path, sink_port: int, *, signed: bool) -> None:
    """Ends the program where a mail is missing, changed, or has not the signature it should have."""
    (folder / "dump").mkdir(mode=0o777, exist_ok=True)
    (folder / "dump").chmod(0o777)
    file = folder / "dump" / peer.name
    login = peer.logins(1)[0]
    with sink.running(sink_port, folder, dump=file) as running:
        generator = Generator("bench.smtp.generator", Plan(peer.port, MAILS, SIZE, 2, 2, [login]))
        generator.go()
        generator.result()
        running.wait_for(MAILS, 60)
    arrived = file.read_text()
    for _envelope, message in mails(login.domain, texts(SIZE)[:MAILS], SIZE, 2):
        body = message[:-3].decode().replace("\r\n", "\n").partition("\n\n")[2]
        if body not in arrived:
            raise SystemExit(f"{peer.name}: a body arrived changed, or not at all; see {file}.")
    fields = re.findall(r"^DKIM-Signature:(?:.*\n[ \t])*.*", arrived, re.MULTILINE)
    ours = [field for field in fields if f"d={login.domain};" in field and "a=rsa-sha256" in field]
    if len(ours) != (MAILS if signed else 0):
        raise SystemExit(f"{peer.name}: {len(ours)} of {MAILS} mails have a signature of {login.domain}.")
    print(f"  {peer.name}: {MAILS} mails arrived unchanged, {len(ours)} with a DKIM-Signature of {login.domain}")
