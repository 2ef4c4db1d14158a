"""A mail server of others relays to us: a Postfix whose `relayhost` is the live instance, with a login and TLS."""

import os
import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from bench.smtp.postfix import MASTER
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.testing.live_instance import LiveInstance, wait_for
from mailtrap_site.tests.live.arrivals import arrived, text_of

pytestmark = [
    pytest.mark.xdist_group("live"),
    pytest.mark.timeout(300),
    pytest.mark.outside("postfix"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix starts as root"),
]

AUTHOR = "hello@demo.test"
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
myhostname = mail.demo.test
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
mynetworks = 127.0.0.0/8
relayhost = [localhost]:{port}
smtp_host_lookup = native
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = texthash:{folder}/passwords
smtp_sasl_tls_security_options = noanonymous
smtp_tls_security_level = secure
smtp_tls_CAfile = {folder}/ca.pem
smtp_tls_wrappermode = {wrapped}
maillog_file_prefixes = {folder}
maillog_file = {folder}/mail.log
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running instance; `port` is where it takes mail."""

    folder: Path
    port: int

    @property
    def log(self) -> str:
        return (self.folder / "mail.log").read_text()


@pytest.fixture(params=["starttls", "implicit"])
def postfix(live: LiveInstance, request: pytest.FixtureRequest) -> Iterator[Postfix]:
    # Not pytest's folder, which Postfix's own account may not enter.
    with tempfile.TemporaryDirectory(prefix="postfix-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        for part in ("spool", "data"):
            (folder / part).mkdir()
        shutil.chown(folder / "data", "postfix")
        shutil.copy(live.certificate_authority, folder / "ca.pem")
        ours = live.facts["SMTP_PORT" if request.param == "starttls" else "SMTPS_PORT"]
        wrapped = "no" if request.param == "starttls" else "yes"
        (folder / "passwords").write_text(f"[localhost]:{ours} api:{live.facts['API_TOKEN']}\n")
        (folder / "main.cf").write_text(MAIN.format(folder=folder, port=ours, wrapped=wrapped))
        (folder / "master.cf").write_text(MASTER.format(port=port))
        command(folder, "start")
        try:
            yield Postfix(folder, port)
        finally:
            command(folder, "stop")


def command(folder: Path, verb: str) -> None:
    done = subprocess.run(["postfix", "-c", str(folder), verb], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_its_clients_hand_over_arrives_at_our_instance_and_leaves(live: LiveInstance, postfix: Postfix) -> None:
    way = postfix.folder.name
    ada, bob, cleo = (f"{name}-{way}@reader.test" for name in ("ada", "bob", "cleo"))
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=30) as session:
        session.send_message(mail(f"{ada}, {bob}"))
    by_hand = ["sendmail", "-C", str(postfix.folder), "-f", AUTHOR, "-i", cleo]
    subprocess.run(by_hand, input=mail(cleo).as_bytes(), timeout=30, check=True)
    for recipient in (ada, bob, cleo):
        logged = live.demo.wait_until(live.demo.find(recipient)["message_id"], "delivered")
        assert logged["from"] == AUTHOR
        came = arrived(live, recipient)
        assert (came["From"], came["Subject"]) == (f"Grüße <{AUTHOR}>", "Größe")
        assert text_of(came) == "Größe: 1 €\n.\n.."
        assert any("mail.demo.test (Postfix" in field for field in came.get_all("Received", []))
    wait_for(lambda: postfix.log.count("status=sent") == 3, "Postfix told that all three were sent")


def test_what_we_refuse_comes_back_to_its_sender(live: LiveInstance, postfix: Postfix) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=30) as session:
        session.sendmail("hello@elsewhere.test", ["dora@reader.test"], mail("dora@reader.test").as_bytes())
    wait_for(lambda: "550 5.7.1 Sending from domain elsewhere.test is not allowed" in postfix.log, "the refusal")
    assert live.captured("dora@reader.test") == []


def mail(recipients: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Grüße <{AUTHOR}>", recipients, "Größe"
    made.set_content("Größe: 1 €\n.\n..\n")
    return made
