"""What this machine can do and show: port 25 outwards, its certificate in the file and on the wire, and its clock."""

import smtplib
import socket
import ssl
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from domains import resolver
from mailtrap_site.operator.finding import Finding, State

PATIENCE = 8.0
"""Seconds for one connection."""
RENEW_WITHIN = timedelta(days=14)
CLOCK_TOLERATED = timedelta(seconds=2)
CLOCK_HARMFUL = timedelta(seconds=60)
"""Signatures and TLS of others are judged by minutes."""
_NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""


def knock(target: str, port: int, source: str) -> Finding:
    """Whether a mail server of others can be reached from `source`, and greets."""
    subject, words = _("Port %s outwards") % port, {"target": target, "port": str(port), "source": source}
    kind = "AAAA" if ":" in source else "A"
    addresses = [target] if _is_address(target) else list(resolver.lookup(target, kind).values)
    if not addresses:
        return Finding(subject, State.UNKNOWN, _("%(target)s has no address.") % words, _("See PORT25_TARGET."))
    try:
        with socket.create_connection((addresses[0], port), PATIENCE, (source, 0)) as line:
            greeting = line.recv(512).decode("ascii", "replace").strip()
            line.sendall(b"QUIT\r\n")
    except OSError as problem:
        words["why"] = problem.strerror or type(problem).__name__
        return Finding(
            subject,
            State.FAILURE,
            _("From %(source)s, %(target)s cannot be reached at port %(port)s: %(why)s.") % words,
            _("Many hosting providers close this port until one asks. Ask yours, or send through a relay."),
        )
    if greeting.startswith("220"):
        return Finding(subject, State.FINE, _("%(target)s answers from port %(port)s.") % words)
    words["greeting"] = greeting[:120]
    state = State.WARNING if greeting.startswith(("4", "5")) else State.FAILURE
    advice = _("The line stands, but something answers in its place or refuses this address; read what it says.")
    return Finding(subject, state, _("%(target)s says: %(greeting)s") % words, advice)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is looked at of one; `names` as in its subject alternative names."""

    ends_at: datetime
    names: tuple[str, ...]
    fingerprint: bytes


def certificate_of(pem_or_der: bytes) -> Certificate:
    """Of a file's first certificate, or one from the wire. Raises ValueError."""
    is_pem = pem_or_der.lstrip().startswith(b"-----")
    found = x509.load_pem_x509_certificate(pem_or_der) if is_pem else x509.load_der_x509_certificate(pem_or_der)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        dns_names = tuple(names.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        dns_names = ()
    return Certificate(found.not_valid_after_utc, dns_names, found.fingerprint(SHA256()))


def read_certificate(file: Path) -> Certificate | None:
    """None where there is none that can be read."""
    try:
        return certificate_of(file.read_bytes())
    except (OSError, ValueError):
        return None


def served_certificate(host: str, port: int, *, implicit: bool) -> Certificate | None:
    """What a client of the submission server is shown; None where nobody answers."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client: smtplib.SMTP
    try:
        if implicit:
            client = smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=context)
        else:
            client = smtplib.SMTP(host, port, timeout=PATIENCE)
        with client:
            if not implicit:
                client.starttls(context=context)
            assert isinstance(client.sock, ssl.SSLSocket)
            shown = client.sock.getpeercert(binary_form=True)
            return certificate_of(shown) if shown else None
    except (OSError, smtplib.SMTPException, ValueError):
        return None


def judge_certificate(file: Path, found: Certificate | None, now: datetime) -> Finding:
    """Of the file that the servers read."""
    subject, words = _("Certificate file"), {"file": str(file)}
    if found is None:
        advice = _("Put a certificate chain there, or name another file in TLS_CERTIFICATE.")
        return Finding(subject, State.FAILURE, _("%(file)s holds no certificate that can be read.") % words, advice)
    days = (found.ends_at - now) // timedelta(days=1)
    words |= {"names": ", ".join(found.names) or "–", "days": str(days), "date": f"{found.ends_at:%Y-%m-%d}"}
    advice = _("Renew it; the servers read the file when they start.")
    if found.ends_at <= now:
        return Finding(subject, State.FAILURE, _("It ended on %(date)s.") % words, advice)
    left = ngettext("For %(names)s; it ends in one day.", "For %(names)s; it ends in %(days)s days.", days) % words
    if found.ends_at - now < RENEW_WITHIN:
        return Finding(subject, State.WARNING, left, advice)
    return Finding(subject, State.FINE, left)


def judge_served(port: int, shown: Certificate | None, in_file: Certificate | None, now: datetime) -> Finding:
    """Of what a port of the submission server shows."""
    subject, words = _("Certificate on port %s") % port, {"port": str(port)}
    if shown is None:
        advice = _("See that the smtpd process runs and listens there.")
        return Finding(subject, State.FAILURE, _("Nobody speaks TLS at port %(port)s.") % words, advice)
    words["date"] = f"{shown.ends_at:%Y-%m-%d}"
    if shown.ends_at <= now:
        return Finding(subject, State.FAILURE, _("It ended on %(date)s.") % words, _("Renew it, then restart smtpd."))
    if in_file is not None and in_file.fingerprint != shown.fingerprint:
        found = _("Another one than in the file is shown; it ends on %(date)s.") % words
        return Finding(subject, State.WARNING, found, _("Restart smtpd, which reads the file when it starts."))
    return Finding(subject, State.FINE, _("The one of the file is shown; it ends on %(date)s.") % words)


def judge_clock(subject: str, off: timedelta | None) -> Finding:
    """`off`: how much this machine is ahead of the other clock; None where that did not answer."""
    if off is None:
        return Finding(subject, State.UNKNOWN, _("It did not answer."), _("Ask again later."))
    seconds = abs(off.total_seconds())
    words = {"seconds": f"{seconds:.1f}"}
    if seconds <= CLOCK_TOLERATED.total_seconds():
        return Finding(subject, State.FINE, _("The clocks differ by %(seconds)s seconds.") % words)
    found = (
        _("This machine is %(seconds)s seconds ahead.")
        if off > timedelta(0)
        else _("This machine is %(seconds)s seconds behind.")
    )
    state = State.FAILURE if seconds >= CLOCK_HARMFUL.total_seconds() else State.WARNING
    return Finding(subject, state, found % words, _("Let chrony or systemd-timesyncd set the clocks of all machines."))


def ahead_of_database() -> timedelta | None:
    """Compared at the middle of the question."""
    try:
        with connection.cursor() as cursor:
            before = datetime.now(UTC)
            cursor.execute("SELECT clock_timestamp()")
            theirs = cursor.fetchone()[0]
            after = datetime.now(UTC)
    except DatabaseError:
        return None
    return before + (after - before) / 2 - theirs


def ahead_of(server: str, port: int = 123) -> timedelta | None:
    """Of a time server (SNTP, RFC 4330); None where it does not answer."""
    address = server if _is_address(server) else next(iter(resolver.lookup(server, "A").values), "")
    if not address:
        return None
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.settimeout(PATIENCE)
            before = time.time()
            line.sendto(b"\x23" + bytes(47), (address, port))
            answer = line.recv(512)
            after = time.time()
    except OSError:
        return None
    if len(answer) < 48 or answer[0] & 7 != 4 or answer[1] == 0:
        return None
    received, sent = (seconds - _NTP_EPOCH + part / 2**32 for seconds, part in struct.iter_unpack("!II", answer[32:48]))
    return timedelta(seconds=((before - received) + (after - sent)) / 2)


def _is_address(text: str) -> bool:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    try:
        socket.inet_pton(family, text)
    except OSError:
        return False
    return True
