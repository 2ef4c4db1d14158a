"""Smuggling in and out, and the matrix that shows no open relay: dialogues by hand with the instance's servers."""

import contextlib
import re
import smtplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from mailtrap_site.proof.context import Proof
from mailtrap_site.proof.doors import Mail, Refused, trusting
from mailtrap_site.proof.sinks import ID_HEADER, id_of, received_ids
from mailtrap_site.proof.tally import Outcome, Tally
from mailtrap_site.testing.smtp_tables import (
    FALSE_ENDS,
    ODD_TEXTS,
    RECIPIENT_FORMS,
    RELAY_RECIPIENTS,
    RELAY_SENDERS,
    SECOND_MAIL,
)

MOST_OCTETS_A_LINE = 998
_DEFECTS = re.compile(rb"(?<!\r)\n|\r(?!\n)|\0")


def smuggling_in(proof: Proof) -> Outcome:
    """A content with a false end is refused whole, and what stands behind the end is never obeyed."""
    sender = f"proof@{proof.tenant.domain}"
    faults: list[str] = []
    for end in FALSE_ENDS:
        with submission(proof, secret=proof.tenant.secret) as session:
            faults += _smuggled(session, sender, "reader@far.test", end, "smtpd")
        with _session(proof.instance.port("MX_PORT")) as session:
            faults += _smuggled(session, "somebody@far.test", "postmaster@platform.test", end, "mx")
    victims = proof.instance.query("SELECT recipient FROM sending_message WHERE recipient IN ('victim@y.test')")
    faults += [f"{len(victims)} smuggled mails were accepted"] if victims else []
    return Outcome(Tally(), tuple(faults), f"{len(FALSE_ENDS)} false ends at smtpd and at mx")


def _smuggled(session: smtplib.SMTP, sender: str, recipient: str, end: bytes, where: str) -> list[str]:
    """What is wrong with the answers: the content's has to be 550, and the next command's has to follow at once."""
    session.ehlo("client.test")
    opening = [session.mail(sender)[0], session.rcpt(recipient)[0], session.docmd("DATA")[0]]
    if opening != [250, 250, 354]:
        return [f"{where}: {opening} before the content"]
    head = f"From: {sender}\r\nTo: {recipient}\r\nSubject: Smuggling\r\n\r\nfirst".encode()
    session.send(head + end + SECOND_MAIL + b"\r\n.\r\n")
    answers = [session.getreply()[0], session.docmd("NOOP")[0]]
    return [] if answers == [550, 250] else [f"{where}: {end!r} was answered {answers}"]


def smuggling_out(proof: Proof) -> Outcome:
    """Whatever text comes in by API or SMTP, it leaves as one mail in clean lines, and says the same."""
    domain = proof.domain("odd")
    server = proof.sinks.open(domain)
    mails = [Mail(proof.name("odd"), domain, text) for text in ODD_TEXTS.values()]
    dotted = Mail(proof.name("dotted"), domain, ".\r\n..\r\n.three\r\n\r\nfour")
    accepted, refused = [proof.accept(dotted, proof.smtp)], []
    with contextlib.closing(proof.http()) as door:
        for name, mail in zip(ODD_TEXTS, mails, strict=True):
            try:
                door.send(proof.tenant, mail)
                accepted.append(mail)
            except Refused:
                refused.append(name)
    outcome = proof.outcome(accepted, [server])
    texts = {mail.id: mail.text for mail in accepted}
    faults = [fault for received in server.complete for fault in _defects(received.content, texts)]
    faults += [] if server.seen["MAIL"] == len(accepted) else [f"{server.seen['MAIL']} mails came of {len(accepted)}"]
    note = f"{len(accepted)} odd bodies" + (f", refused: {', '.join(refused)}" if refused else "")
    return Outcome(outcome.tally, outcome.faults + tuple(faults), note)


def _defects(content: bytes, texts: dict[str, str]) -> Iterator[str]:
    mail_id = id_of(content)
    if found := _DEFECTS.search(content):
        yield f"{mail_id}: {found[0]!r} in what was sent"
    longest = max(len(line) for line in content.split(b"\r\n"))
    if longest > MOST_OCTETS_A_LINE:
        yield f"{mail_id}: a line of {longest} octets"
    said = message_from_bytes(content, _class=EmailMessage, policy=default)
    if _plain(str(said.get_content())) != _plain(texts[mail_id]):
        yield f"{mail_id}: the text changed on its way"


def _plain(text: str) -> str:
    """With one kind of line end, and none at the end."""
    return re.sub(r"\r\n?", "\n", text).rstrip("\n")


def open_relay(proof: Proof) -> Outcome:
    """AUTH × From × form of the recipient: only who has signed in, for a domain of its own, gets anything accepted."""
    domain = proof.domain("relay")
    server = proof.sinks.open(domain)
    own, other = (f"proof@{tenant.domain}" for tenant in proof.tenants[:2])
    faults, accepted, permitted = list[str](), list[Mail](), set[str]()
    # The wrong secret last: whoever guesses is soon not let in at all, from the same address.
    for auth, secret in {"no": None, "valid": proof.tenant.secret, "wrong": "0" * 32}.items():
        for sender in (own, other, "somebody@far.test", ""):
            mails = {name: Mail(proof.name("relay"), domain) for name in RECIPIENT_FORMS}
            for name in _taken(proof, secret, sender, mails):
                if auth != "valid" or sender != own:
                    faults.append(f"smtpd, {auth} AUTH, from {sender!r}: took {name}")
                permitted.add(mails[name].id)
                accepted += [mails[name]] if name == "plain" else []
    faults += list(_relayed_by_mx(proof))
    outcome = proof.outcome(accepted, [server])
    faults += [] if len(accepted) == 1 else [f"{len(accepted)} plain mails accepted instead of the one that may go"]
    faults += [f"an exchanger got {one}" for one in received_ids([server]) if one not in permitted]
    note = f"{3 * 4 * len(RECIPIENT_FORMS)} cases at smtpd, {len(RELAY_SENDERS) * len(RELAY_RECIPIENTS)} at mx"
    return Outcome(outcome.tally, outcome.faults + tuple(faults), note)


def _taken(proof: Proof, secret: str | None, sender: str, mails: dict[str, Mail]) -> list[str]:
    """The forms of recipient that were accepted to the end, in one session unless the server closes it."""
    taken, waiting = list[str](), list(mails)
    while waiting:
        with submission(proof, secret=secret, must=False) as session, contextlib.suppress(smtplib.SMTPException):
            session.ehlo("client.test")
            while waiting:
                name = waiting.pop(0)
                mail = mails[name]
                recipient = RECIPIENT_FORMS[name].format(id=mail.id, domain=mail.destination)
                if _is_accepted(session, sender, recipient, mail):
                    taken.append(name)
    return taken


def _is_accepted(session: smtplib.SMTP, sender: str, recipient: str, mail: Mail) -> bool:
    session.rset()
    codes = [session.docmd(f"MAIL FROM:<{sender}>")[0], session.docmd(f"RCPT TO:<{recipient}>")[0]]
    if codes != [250, 250] or session.docmd("DATA")[0] != 354:
        return False
    head = f"From: {sender or 'nobody@far.test'}\r\n{ID_HEADER}: {mail.id}\r\nSubject: Relay\r\n\r\nHi\r\n.\r\n"
    session.send(head.encode())
    return session.getreply()[0] == 250


def _relayed_by_mx(proof: Proof) -> Iterator[str]:
    for sender in RELAY_SENDERS:
        with _session(proof.instance.port("MX_PORT")) as session:
            session.ehlo("client.test")
            for recipient in RELAY_RECIPIENTS:
                session.rset()
                session.mail(sender)
                code, _ = session.rcpt(recipient)
                if code != 550:
                    yield f"mx: {code} to {recipient} from {sender!r}"


@contextlib.contextmanager
def submission(proof: Proof, *, secret: str | None, must: bool = True) -> Iterator[smtplib.SMTP]:
    """A session at smtpd over TLS; with `secret` an AUTH was tried, whose success is asked for by `must`."""
    with _session(proof.instance.port("SMTP_PORT")) as session:
        session.starttls(context=trusting())
        if secret is not None:
            try:
                session.login("api", secret)
            except smtplib.SMTPAuthenticationError:
                if must:
                    raise
        yield session


@contextlib.contextmanager
def _session(port: int) -> Iterator[smtplib.SMTP]:
    session = smtplib.SMTP("127.0.0.1", port, timeout=30)
    try:
        yield session
    finally:
        session.close()
