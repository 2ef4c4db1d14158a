"""The submission server's decisions (RFC 6409): who logs in, who may be the sender, and when a mail is safe.

Runs on the event loop, which never calls the ORM: what needs the database goes to a bounded pool of threads.
"""

import asyncio
from collections.abc import Awaitable
from concurrent.futures import Future
from dataclasses import dataclass

import psycopg
import structlog
from django.conf import settings
from django.db.utils import DatabaseError, InterfaceError
from django.utils import timezone

from accounts import login_throttle
from accounts.authentication import TokenIdentity, remembered_identity
from accounts.login_throttle import LoginDoor
from accounts.message_size import most_bytes
from mailtrap_site.database_pool import DatabasePool, PoolIsFull
from sending.listener import Connection, Verdict
from sending.models import Door, Stream
from sending.models.shared_counts import SharedCounts
from sending.policy import hints
from sending.policy.checks import account_is_not_banned, judge
from sending.policy.overload import overload_now
from sending.policy.recipients import Recipient
from sending.policy.refusal import Reason, Refusal
from sending.policy.standing import Key, Standing
from sending.protocol.address import AddressError, parse_address, to_ascii_domain
from sending.protocol.reply import Reply
from sending.protocol.smtp_server_events import Authenticate, MailFrom, MessageReceived, Question, RcptTo
from sending.submission.draft import Accepted, Draft
from sending.submission.smtp_draft import Origin, draft_of
from sending.submission.smtp_sandbox import sandbox_of, sender_of
from sending.submission.submit import hand_over, note, outcome_of

log = structlog.get_logger(__name__)

STREAMS = {"api": Stream.TRANSACTIONAL, "bulk": Stream.BULK}
"""The SMTP user names; under a host name of the bulk stream both send in bulk. The password, an API token, says who it
is."""
POOL_THREADS = 8
POOL_SECONDS = 20.0
"""After which a client is asked to try later, whatever the database may be doing."""
PACKED_ON_THE_LOOP = 65_536
"""Octets; reading and compressing more would keep the other connections waiting."""
PACKERS = 2
"""Threads for larger mails; who logs in does not wait behind them."""

BAD_CREDENTIALS = Reply(535, "5.7.8", ("Authentication credentials invalid",))
TOO_MANY_CONNECTIONS = Reply(535, "5.7.8", ("Too many connections per account",))
CANNOT_CHECK = Reply(454, "4.7.0", ("Temporary authentication failure; try again later",))
TEMPORARY = Refusal(Reason.TEMPORARY).reply
DATABASE_FAILS = (DatabaseError, InterfaceError, psycopg.Error, TimeoutError)
TOO_MANY_FAILURES = Refusal(Reason.TOO_MANY_FAILURES).reply


@dataclass(frozen=True, slots=True)
class Login:
    """Who a connection speaks for."""

    identity: TokenIdentity
    stream: Stream
    max_size: int
    sandbox_id: int | None = None
    """Where its mail stays; None for mail that leaves."""


@dataclass(frozen=True, slots=True)
class _Announced:
    """What MAIL FROM tells, as far as the policy asks."""

    account_id: int
    token_id: int
    domain: str
    counted_size: int
    door: Door = Door.SMTP
    recipients: tuple[Recipient, ...] = ()

    @property
    def key(self) -> Key:
        return self.account_id, self.token_id, self.domain


class SubmissionDoor:
    """What the connections of one process share. Its method `handler` is the listener's `make_handler`."""

    def __init__(self, hostname: str) -> None:
        self.hostname = hostname
        self.connections = SharedCounts("smtp-account")
        self.database = DatabasePool(POOL_THREADS, "smtp-database")
        self.packers = DatabasePool(PACKERS, "smtp-packers")

    def handler(self, connection: Connection) -> "SubmissionHandler":
        return SubmissionHandler(self, connection)

    def close(self) -> None:
        """Ends the threads once they are idle, and their connections."""
        self.database.close()
        self.packers.close()


class SubmissionHandler:
    """One connection's decisions."""

    def __init__(self, door: SubmissionDoor, connection: Connection) -> None:
        self._door = door
        self._connection = connection
        self._login: Login | None = None
        self._is_closed = False

    def decide(self, question: Question) -> Verdict | Awaitable[Verdict]:
        match question:
            case Authenticate(username=username, password=password):
                return self._log_in(username, password)
            case MailFrom(envelope=envelope):
                return self._mail_from(envelope.reverse_path.domain, envelope.size or 0)
            case RcptTo(recipient=recipient):
                return _recipient(recipient.address)
            case MessageReceived():
                return self._message(question)

    def closed(self) -> None:
        self._is_closed = True
        if self._login is None:
            return
        self._door.connections.add(str(self._login.identity.account_id), -1)
        self._login = None

    def _log_in(self, username: str, password: str) -> Verdict | Awaitable[Verdict]:
        login = remembered_login(username, password, self._connection.client_ip)
        return self._ask_login(username, password) if login is None else self._logged_in(login)

    async def _ask_login(self, username: str, password: str) -> Verdict:
        client_ip = self._connection.client_ip
        try:
            async with asyncio.timeout(POOL_SECONDS):
                answer = await self._door.database.run(lambda: log_in(username, password, client_ip))
        except DATABASE_FAILS as problem:
            log.error("login_not_checked", problem=type(problem).__name__)
            return CANNOT_CHECK
        if isinstance(answer, Reply):
            return answer
        if self._is_closed:
            return CANNOT_CHECK  # to nobody; counted in now, it would never be counted out
        return self._logged_in(answer)

    def _logged_in(self, login: Login) -> Verdict:
        account = str(login.identity.account_id)
        if self._door.connections.total(account) >= settings.ENVIRONMENT.smtp_connections_per_account:
            return TOO_MANY_CONNECTIONS
        self._door.connections.add(account)
        self._login = login
        self._connection.session.set_max_size(login.max_size)
        return None

    def _mail_from(self, domain: str, size: int) -> Verdict | Awaitable[Verdict]:
        login = self._login
        if login is None:
            return BAD_CREDENTIALS
        overload = overload_now()
        if overload is not None:
            return overload.reply
        if not domain:
            return Refusal(Reason.REVERSE_PATH_EMPTY).reply
        try:
            ascii_domain = to_ascii_domain(domain)
        except AddressError:
            return Refusal(Reason.DOMAIN_UNKNOWN, domain).reply
        if login.sandbox_id is not None:
            return None
        announced = _Announced(login.identity.account_id, login.identity.token_id, ascii_domain, size)
        standing = hints.remembered(announced.key)
        return self._ask_standing(announced) if standing is None else _judged(announced, standing)

    async def _ask_standing(self, announced: _Announced) -> Verdict:
        try:
            async with asyncio.timeout(POOL_SECONDS):
                standing = await self._door.database.run(lambda: hints.standing_of(announced.key))
        except DATABASE_FAILS as problem:
            log.error("standing_not_read", problem=type(problem).__name__)
            return TEMPORARY
        return _judged(announced, standing)

    async def _message(self, received: MessageReceived) -> Verdict:
        login = self._login
        if login is None:
            return BAD_CREDENTIALS
        connection = self._connection
        is_bulk_host = connection.asked_name in settings.BULK_SMTP_HOSTS
        origin = Origin(
            account_id=login.identity.account_id,
            token_id=login.identity.token_id,
            stream=Stream.BULK if is_bulk_host else login.stream,
            client_ip=connection.client_ip,
            hostname=self._door.hostname,
            protocol=connection.session.protocol,
            tls=connection.tls,
            sandbox_id=login.sandbox_id,
        )
        if len(received.content) <= PACKED_ON_THE_LOOP:
            handed_over = _read_and_hand_over(received, origin)
        else:
            try:
                handed_over = await self._door.packers.run(lambda: _read_and_hand_over(received, origin))
            except PoolIsFull:
                return TEMPORARY
        if isinstance(handed_over, Refusal):
            log.info("refused", reason=handed_over.reason.value, account=origin.account_id, door=Door.SMTP.value)
            return handed_over.reply
        draft, future = handed_over
        outcome = note(draft, await outcome_of(future))
        return _queued(outcome) if isinstance(outcome, Accepted) else outcome.reply


def remembered_login(username: str, password: str, client_ip: str) -> Login | None:
    """Who it is, where the hints suffice to let him in; never asks the database."""
    stream, identity = STREAMS.get(username), remembered_identity(password, client_ip)
    if stream is None or identity is None or not hints.has_left(identity.account_id):
        return None
    announced = _Announced(identity.account_id, identity.token_id, "", 0)
    standing = hints.remembered(announced.key)
    if standing is None or account_is_not_banned(announced, standing, timezone.now()) is not None:
        return None
    return Login(identity, stream, most_bytes(standing.max_message_bytes))


def log_in(username: str, password: str, client_ip: str) -> Login | Reply:
    """Who it is, or the refusal. Blocks on the database.

    Failures are counted after the look-up: whoever has a valid token is never held up.
    """
    sandbox_id = sandbox_of(username)
    stream = STREAMS.get(username) if sandbox_id is None else Stream.TRANSACTIONAL
    identity = sender_of(sandbox_id, password, client_ip) if stream is not None else None
    if stream is None or identity is None:
        log.info("login_refused", user=username if username in STREAMS else "other")
        return TOO_MANY_FAILURES if login_throttle.fails_too_often(LoginDoor.SMTP, client_ip) else BAD_CREDENTIALS
    announced = _Announced(identity.account_id, identity.token_id, "", 0)
    standing = hints.standing_of(announced.key)
    refusal = account_is_not_banned(announced, standing, timezone.now())
    if sandbox_id is None:
        refusal = refusal or hints.nothing_left(identity.account_id, standing)
    if refusal is None:
        return Login(identity, stream, most_bytes(standing.max_message_bytes), sandbox_id)
    reply = refusal.reply
    return reply if reply.code == 535 else Reply(535, reply.enhanced, reply.lines)


def _judged(announced: _Announced, standing: Standing) -> Verdict:
    refusal = judge(announced, standing, timezone.now())
    if refusal is None:
        return None
    log.info("sender_refused", account=announced.account_id, reason=refusal.reason.value)
    return refusal.reply


def _recipient(address: str) -> Verdict:
    try:
        parse_address(address)
    except AddressError as problem:
        return Refusal(Reason.RECIPIENT_INVALID, problem.sentence).reply
    return None


def _queued(outcome: Accepted) -> Reply:
    """Names the first message, under which the log is searched; the ids of the others follow it."""
    more = len(outcome.message_ids) - 1
    return Reply(250, "2.0.0", (f"Queued as {outcome.message_ids[0]}" + (f" and {more} more" if more else ""),))


def _read_and_hand_over(
    received: MessageReceived, origin: Origin
) -> "tuple[Draft, Future[Accepted | Refusal]] | Refusal":
    draft = draft_of(received.envelope, received.content, origin, timezone.now())
    return draft if isinstance(draft, Refusal) else (draft, hand_over(draft))
