"""The mx's side of an inbound connection: recipients by table, content to its handlers in a bounded pool of threads.

The answer to a mail leaves after its handlers have committed.
"""

from collections.abc import Awaitable, Sequence

import structlog

from mailtrap_site.database_pool import DatabasePool
from sending.bounces.recipients import UNKNOWN, Row, row_for
from sending.listener import Connection, Verdict
from sending.listener.incoming import IncomingMail
from sending.policy.overload import overload_now
from sending.protocol.reply import Reply
from sending.protocol.smtp_path import Path
from sending.protocol.smtp_server_events import Authenticate, MailFrom, MessageReceived, Question, RcptTo

log = structlog.get_logger(__name__)

THREADS = 4
MOST_WAITING = 100
"""Mails that may wait for a thread; more are deferred."""
BUSY = Reply(451, "4.3.2", ("Too busy; try again later",))
FAILED = Reply(451, "4.3.0", ("The mail could not be stored; try again later",))


class Intake:
    """Takes in the mail of all connections of one process."""

    def __init__(self, table: Sequence[Row]) -> None:
        self.table = table
        self._database = DatabasePool(THREADS, "intake")
        self._waiting = 0

    def handler(self, connection: Connection) -> "MxHandler":
        """The handler of a new connection."""
        return MxHandler(self, connection)

    async def take(self, mail: IncomingMail, recipients: Sequence[Path]) -> Verdict:
        """Runs the handlers of all recipients; one that fails defers the whole mail, as there is only one answer."""
        if self._waiting >= MOST_WAITING:
            return BUSY
        self._waiting += 1
        try:
            await self._database.run(lambda: self._receive(mail, recipients))
        except Exception:
            log.exception("mail_not_stored")
            return FAILED
        finally:
            self._waiting -= 1
        return None

    def close(self) -> None:
        """Waits for what is under way, and gives the threads' connections back."""
        self._database.close()

    def _receive(self, mail: IncomingMail, recipients: Sequence[Path]) -> None:
        for recipient in recipients:
            row = row_for(recipient, self.table)
            if row is not None:
                row.receive(mail, recipient)


class MxHandler:
    """Decides for one connection."""

    def __init__(self, intake: Intake, connection: Connection) -> None:
        self._intake = intake
        self._connection = connection

    def decide(self, question: Question) -> Verdict | Awaitable[Verdict]:
        match question:
            case MailFrom():
                overload = overload_now()
                return None if overload is None else overload.reply
            case RcptTo(recipient):
                row = row_for(recipient, self._intake.table)
                return UNKNOWN if row is None else row.refuse(recipient)
            case MessageReceived(envelope, content):
                session = self._connection.session
                mail = IncomingMail(
                    envelope.reverse_path,
                    content,
                    self._connection.client_ip,
                    session.helo_name,
                    self._connection.tls,
                )
                return self._intake.take(mail, envelope.recipients)
            case Authenticate():
                return FAILED

    def closed(self) -> None:
        """Nothing is kept for a connection."""
