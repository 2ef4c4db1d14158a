"""One outbound mail transaction: what is asked of the server, and what its replies mean for each recipient.

RFC 5321 3.3 and 4.2, RFC 2920 (pipelining), with the refusals that we give ourselves before a byte is sent.
"""

import re
from collections.abc import Iterator

from sending.protocol.reply import Reply
from sending.protocol.smtp_client_events import ClientPhase, RecipientOutcome, Transaction
from sending.protocol.smtp_data import content_refusal, dot_stuffed
from sending.protocol.smtp_path import PathError, parse_address

NO_8BITMIME = Reply(554, "5.6.3", ("Content is 8-bit and the server does not offer 8BITMIME",))
NO_SMTPUTF8 = Reply(553, "5.6.7", ("The message needs SMTPUTF8 and the server does not offer it",))
NO_LAST_LINE_END = Reply(550, "5.6.0", ("Message content does not end in CRLF",))

# A command, the phase it belongs to and the recipient it names, by index, or -1.
Command = tuple[ClientPhase, int, str]


class ClientTransaction:
    """`is_settled` once every recipient has its outcome; it may be so from the start."""

    def __init__(self, transaction: Transaction, extensions: dict[str, str]) -> None:
        self._transaction = transaction
        self._extensions = extensions
        self._accepted: list[int] = []
        self._outcomes: list[RecipientOutcome | None] = [None] * len(transaction.recipients)
        self._needs_8bit = transaction.body_8bit or not transaction.content.isascii()
        self._needs_smtputf8 = transaction.smtputf8 or not transaction.mail_from.isascii()
        self._refuse_ourselves()

    @property
    def is_settled(self) -> bool:
        return None not in self._outcomes

    @property
    def accepted_recipients(self) -> tuple[str, ...]:
        return tuple(self._transaction.recipients[index] for index in self._accepted)

    def commands(self) -> Iterator[Command]:
        """MAIL, RCPT for each recipient that is not settled, DATA."""
        open_recipients = [index for index, outcome in enumerate(self._outcomes) if outcome is None]
        recipients = self._transaction.recipients
        needs_smtputf8 = self._needs_smtputf8 or not all(recipients[index].isascii() for index in open_recipients)
        size = f" SIZE={len(self._transaction.content)}" if "SIZE" in self._extensions else ""
        body = " BODY=8BITMIME" if self._needs_8bit else ""
        smtputf8 = " SMTPUTF8" if needs_smtputf8 else ""
        yield ClientPhase.MAIL, -1, f"MAIL FROM:<{self._transaction.mail_from}>{size}{body}{smtputf8}"
        for index in open_recipients:
            yield ClientPhase.RCPT, index, f"RCPT TO:<{recipients[index]}>"
        yield ClientPhase.DATA, -1, "DATA"

    def stuffed_content(self) -> bytes:
        return dot_stuffed(self._transaction.content)

    def mail_replied(self, reply: Reply) -> None:
        if not reply.is_positive:
            self.settle(reply, ClientPhase.MAIL)

    def recipient_replied(self, index: int, reply: Reply) -> None:
        if self._outcomes[index] is not None:
            return  # MAIL was refused: what the server says to the pipelined RCPT is no news
        if reply.is_positive:
            self._accepted.append(index)
        else:
            self._outcomes[index] = RecipientOutcome(self._transaction.recipients[index], reply, ClientPhase.RCPT)

    def settle(self, reply: Reply, phase: ClientPhase, *, is_local: bool = False, is_uncertain: bool = False) -> None:
        """Gives every recipient without an outcome this one."""
        for index, outcome in enumerate(self._outcomes):
            if outcome is None:
                recipient = self._transaction.recipients[index]
                self._outcomes[index] = RecipientOutcome(recipient, reply, phase, is_local, is_uncertain)

    def outcomes(self) -> tuple[RecipientOutcome, ...]:
        return tuple(outcome for outcome in self._outcomes if outcome is not None)

    def _refuse_ourselves(self) -> None:
        refusal = self._refusal_of_all()
        if refusal is not None:
            self.settle(refusal, ClientPhase.MAIL, is_local=True)
            return
        for index, recipient in enumerate(self._transaction.recipients):
            refusal = _refusal_of_address(recipient, "5.1.3")
            if refusal is None and not recipient.isascii() and "SMTPUTF8" not in self._extensions:
                refusal = NO_SMTPUTF8
            if refusal is not None:
                self._outcomes[index] = RecipientOutcome(recipient, refusal, ClientPhase.RCPT, is_local=True)

    def _refusal_of_all(self) -> Reply | None:
        transaction, extensions = self._transaction, self._extensions
        size, limit = len(transaction.content), extensions.get("SIZE", "")
        if self._needs_8bit and "8BITMIME" not in extensions:
            return NO_8BITMIME
        if self._needs_smtputf8 and "SMTPUTF8" not in extensions:
            return NO_SMTPUTF8
        if limit.isdecimal() and len(limit) <= 20 and 0 < int(limit) < size:
            return Reply(552, "5.3.4", (f"Message has {size} octets and the server takes {limit}",))
        if transaction.content and not transaction.content.endswith(b"\r\n"):
            return NO_LAST_LINE_END
        refusal = content_refusal(transaction.content)
        if refusal is None and transaction.mail_from:
            refusal = _refusal_of_address(transaction.mail_from, "5.1.7")
        return refusal


_PLAIN_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?)+"
)
_PLAIN_LENGTH = 64  # of a whole address whose parts need no measuring
"""What nearly every address is: a small part of what `parse_address` takes, found at once."""


def _refusal_of_address(address: str, enhanced: str) -> Reply | None:
    # Whoever composed the address, nothing but one address may enter a command line.
    if len(address) <= _PLAIN_LENGTH and _PLAIN_ADDRESS.fullmatch(address):
        return None
    try:
        parse_address(address)
    except PathError as error:
        return Reply(553, enhanced, (str(error),))
    return None
