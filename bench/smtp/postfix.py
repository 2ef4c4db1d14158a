"""Postfix from Debian's package, an instance of its own: a submission port with STARTTLS and AUTH, all to the sink.

Nothing is tuned: every setting below is what it takes to run apart, to demand a login, to relay, and to log without the
system's daemon, which need not be there. It needs root.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.smtp.opendkim import Milter
from bench.smtp.peer import Login, Tls
from mailtrap_site.embedded.postgres import free_port

REALM, USER, PASSWORD = "bench.test", "api", "bench-password"

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
myhostname = mail.bench.test
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [127.0.0.1]:{sink}
smtpd_tls_cert_file = {tls.certificate}
smtpd_tls_key_file = {tls.key}
smtpd_tls_security_level = encrypt
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = {realm}
cyrus_sasl_config_path = {folder}/sasl
smtpd_relay_restrictions = permit_sasl_authenticated, reject
maillog_file_prefixes = {folder}
maillog_file = {folder}/mail.log
"""

# Of Debian's master.cf the services that such a server needs, outside a chroot, which would have to be furnished.
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN
sasldb_path: {folder}/sasl/sasldb2
"""


class Postfix:
    """A running instance, and the milter it asks."""

    def __init__(self, name: str, folder: Path, port: int, domains: Sequence[str], milter: Milter | None) -> None:
        self.name = name
        self.port = port
        self.settings = f"Debian's defaults; {milter.address if milter else 'no milter'}; {len(domains)} senders"
        self._domains = domains
        self._spool = folder / "spool"
        self._others = [milter.pid] if milter else []

    def logins(self, sessions: int) -> list[Login]:
        senders = self._domains
        return [Login("127.0.0.1", USER, PASSWORD, senders[number % len(senders)]) for number in range(sessions)]

    def roots(self) -> list[int]:
        return [int((self._spool / "pid" / "master.pid").read_text()), *self._others]

    def role(self, words: Sequence[str]) -> str:
        return Path(words[0]).name if words else "ended"

    def before_round(self) -> None:
        """Nothing to do."""

    def unfinished(self) -> int:
        queues = (self._spool / name for name in ("maildrop", "incoming", "active", "deferred"))
        return sum(file.is_file() for queue in queues for file in queue.rglob("*"))


def domains(count: int) -> list[str]:
    """The senders' domains, as many as ours has tenants."""
    return [f"tenant{number}.{REALM}" for number in range(count)]


@contextlib.contextmanager
def running(
    name: str, folder: Path, sink_port: int, tls: Tls, senders: Sequence[str], milter: Milter | None = None
) -> Iterator[Postfix]:
    """An instance in `folder`, which Postfix's own account must be able to enter."""
    port = free_port()
    main = MAIN.format(folder=folder, sink=sink_port, tls=tls, realm=REALM)
    if milter:
        main += f"smtpd_milters = {milter.address}\n"
    _write(folder, main, MASTER.format(port=port))
    try:
        _postfix(folder, "start")
        yield Postfix(name, folder, port, senders, milter)
    finally:
        _postfix(folder, "stop")


def _write(folder: Path, main: str, master: str) -> None:
    folder.mkdir(mode=0o755)
    for name in ("spool", "data", "sasl"):
        (folder / name).mkdir(mode=0o755)
    shutil.chown(folder / "data", "postfix")
    (folder / "main.cf").write_text(main)
    (folder / "master.cf").write_text(master)
    (folder / "sasl" / "smtpd.conf").write_text(SASL.format(folder=folder))
    database = folder / "sasl" / "sasldb2"
    command = ["saslpasswd2", "-p", "-c", "-f", str(database), "-u", REALM, USER]
    subprocess.run(command, input=PASSWORD, text=True, check=True, capture_output=True)
    shutil.chown(database, "postfix")


def _postfix(folder: Path, verb: str) -> None:
    done = subprocess.run(
        ["postfix", "-c", str(folder), verb], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise SystemExit(f"postfix {verb} failed: {done.stdout}{done.stderr}")
