"""Why mail is refused, and one table of what that means at each door: HTTP status, contract error, SMTP reply, code."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.login_throttle import WINDOW_SECONDS
from sending.protocol.reply import Reply


class Reason(StrEnum):
    """The value is the stable code that API details, the log and the documentation show."""

    TOKEN_INVALID = "token_invalid"  # noqa: S105 a code, not a password
    TOO_MANY_FAILURES = "too_many_failures"
    TOKEN_NOT_PERMITTED = "token_not_permitted"  # noqa: S105
    ACCOUNT_BANNED = "account_banned"
    ACCOUNT_CLOSING = "account_closing"
    DOMAIN_UNKNOWN = "domain_unknown"
    DOMAIN_NOT_VERIFIED = "domain_not_verified"
    DOMAIN_NOT_COMPLIANT = "domain_not_compliant"
    DOMAIN_DELETED = "domain_deleted"
    DEMO_RECIPIENT = "demo_recipient"
    DEMO_EXHAUSTED = "demo_exhausted"
    REVERSE_PATH_EMPTY = "reverse_path_empty"
    FROM_MISSING = "from_missing"
    FROM_SEVERAL = "from_several"
    FROM_MALFORMED = "from_malformed"
    FROM_MISMATCH = "from_mismatch"
    SENDER_MISMATCH = "sender_mismatch"
    HEADER_MALFORMED = "header_malformed"
    HEADER_REPEATED = "header_repeated"
    RECIPIENTS_MISSING = "recipients_missing"
    RECIPIENTS_TOO_MANY = "recipients_too_many"
    RECIPIENT_INVALID = "recipient_invalid"
    MESSAGE_TOO_LARGE = "message_too_large"
    MONTHLY_LIMIT = "monthly_limit"
    DAILY_LIMIT = "daily_limit"
    TOKEN_LIMIT = "token_limit"  # noqa: S105
    UNSTORABLE_TEXT = "unstorable_text"
    SEND_AT_INVALID = "send_at_invalid"
    TRACKING_INVALID = "tracking_invalid"
    IDEMPOTENCY_KEY_INVALID = "idempotency_key_invalid"
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    SANDBOX_UNKNOWN = "sandbox_unknown"
    SANDBOX_NOT_PERMITTED = "sandbox_not_permitted"
    RATE_LIMITED = "rate_limited"
    TEMPORARY = "temporary_failure"
    OVERLOADED = "overloaded"
    STORAGE_FULL = "storage_full"


@dataclass(frozen=True, slots=True)
class _Meaning:
    """`error` and `text` may hold `{}` for the refusal's detail; `sentence` says what to do, for people."""

    status: int
    error: str
    reply: tuple[int, str, str]
    sentence: str


_UNAUTHORIZED, _FORBIDDEN = "Unauthorized", "Forbidden"
_DOMAIN_TEXT = "Sending from domain {} is not allowed"
_FROM_MISMATCH = "'From' header does not match the sender's domain"
_TRY_LATER = gettext_noop("Nothing was accepted. Try again in a moment.")

_MEANINGS: dict[Reason, _Meaning] = {
    Reason.TOKEN_INVALID: _Meaning(
        401,
        _UNAUTHORIZED,
        (535, "5.7.8", "Authentication credentials invalid"),
        gettext_noop("The API token does not exist or has expired. Use a valid token of the account."),
    ),
    Reason.TOO_MANY_FAILURES: _Meaning(
        429,
        "Rate limit exceeded",
        (454, "4.7.0", "Too many failed logins from your address; try again later"),
        gettext_noop("Wrong API tokens came from this address too often. Wait five minutes, then use a valid one."),
    ),
    Reason.TOKEN_NOT_PERMITTED: _Meaning(
        403,
        _FORBIDDEN,
        (550, "5.7.1", _DOMAIN_TEXT),
        gettext_noop("The API token may not send from this domain. Use a token with admin access to it."),
    ),
    Reason.ACCOUNT_BANNED: _Meaning(
        403,
        _FORBIDDEN,
        (550, "5.7.1", "This account is banned from sending"),
        gettext_noop("The account is banned. The dashboard says why; support can release it."),
    ),
    Reason.ACCOUNT_CLOSING: _Meaning(
        403,
        _FORBIDDEN,
        (550, "5.7.1", "The account is to be closed and sends nothing any more"),
        gettext_noop("An owner asked to close the account. On its page Privacy an owner can keep it open."),
    ),
    Reason.DOMAIN_UNKNOWN: _Meaning(
        401,
        _UNAUTHORIZED,
        (550, "5.7.1", _DOMAIN_TEXT),
        gettext_noop("The account has no sending domain of exactly this name. Add and verify it."),
    ),
    Reason.DOMAIN_NOT_VERIFIED: _Meaning(
        401,
        _UNAUTHORIZED,
        (550, "5.7.1", _DOMAIN_TEXT),
        gettext_noop("The sending domain is not verified. Publish its DNS records, then check them again."),
    ),
    Reason.DOMAIN_NOT_COMPLIANT: _Meaning(
        401,
        _UNAUTHORIZED,
        (550, "5.7.1", _DOMAIN_TEXT),
        gettext_noop("The sending domain is not released for sending yet. Its page says what is missing."),
    ),
    Reason.DOMAIN_DELETED: _Meaning(
        401,
        _UNAUTHORIZED,
        (550, "5.7.1", _DOMAIN_TEXT),
        gettext_noop("The sending domain was deleted. Add and verify it again."),
    ),
    Reason.DEMO_RECIPIENT: _Meaning(
        403,
        "Demo domain sends to the account owner only",
        (550, "5.7.1", "A demo domain sends to the account owner only"),
        gettext_noop(
            "The demo domain sends to the confirmed addresses of the account's owners, and to nobody else. Add a "
            "domain of your own to reach others."
        ),
    ),
    Reason.DEMO_EXHAUSTED: _Meaning(
        403,
        "Demo domain is used up",
        (550, "5.7.1", "The emails of the demo domain are used up"),
        gettext_noop(
            "The emails of the demo domain are used up, or this mail needs more than are left. Add a domain of your "
            "own."
        ),
    ),
    Reason.REVERSE_PATH_EMPTY: _Meaning(
        400,
        "'from' address is invalid",
        (550, "5.7.1", _DOMAIN_TEXT),
        gettext_noop("Mail with an empty reverse-path is not accepted for submission. Name the sender in MAIL FROM."),
    ),
    Reason.FROM_MISSING: _Meaning(
        400,
        "'from' is required",
        (550, "5.6.0", "The message has no From header"),
        gettext_noop("A message names its author in exactly one From header."),
    ),
    Reason.FROM_SEVERAL: _Meaning(
        400,
        "'from' is invalid",
        (550, "5.6.0", "The message has more than one From header"),
        gettext_noop("A message names its author in exactly one From header."),
    ),
    Reason.FROM_MALFORMED: _Meaning(
        400,
        "'from' address is invalid",
        (550, "5.6.0", "The From header is malformed or could be read in more than one way"),
        gettext_noop("Write From as Name <address@domain>, with one @ sign in each address."),
    ),
    Reason.FROM_MISMATCH: _Meaning(
        401,
        _FROM_MISMATCH,
        (550, "5.7.1", _FROM_MISMATCH),
        gettext_noop("Every address in From, and the reverse-path, must be of the same verified domain."),
    ),
    Reason.SENDER_MISMATCH: _Meaning(
        401,
        "'Sender' header does not match the sender's domain",
        (550, "5.7.1", "'Sender' header does not match the sender's domain"),
        gettext_noop("A Sender header must hold one address of the verified domain. Leave it out if in doubt."),
    ),
    Reason.HEADER_MALFORMED: _Meaning(
        400,
        "'headers' is invalid",
        (550, "5.6.0", "The header has a line that is no field"),
        gettext_noop("Each line of the header is a field, Name: value, or continues one with leading space."),
    ),
    Reason.HEADER_REPEATED: _Meaning(
        400,
        "the message has more than one {} header",
        (550, "5.6.0", "The message has more than one {} header"),
        gettext_noop("Readers differ on which of two they believe. Send this header once, with all it is to say."),
    ),
    Reason.RECIPIENTS_MISSING: _Meaning(
        400,
        "'to', 'cc' or 'bcc' address is required",
        (554, "5.5.1", "No valid recipients"),
        gettext_noop("Name at least one recipient."),
    ),
    Reason.RECIPIENTS_TOO_MANY: _Meaning(
        400,
        "{} has more than 1000 addresses",
        (550, "5.5.3", "Too many recipients in {}"),
        gettext_noop("At most 1,000 recipients each in to, cc and bcc. Send to the others in a further message."),
    ),
    Reason.RECIPIENT_INVALID: _Meaning(
        400,
        "address is invalid in {}",
        (553, "5.1.3", "{}"),
        gettext_noop("Correct the recipient's address."),
    ),
    Reason.MESSAGE_TOO_LARGE: _Meaning(
        413,
        "message too large",
        (552, "5.3.4", "Message is larger than {} bytes"),
        gettext_noop("The composed message, attachments included, is larger than the account may send."),
    ),
    Reason.MONTHLY_LIMIT: _Meaning(
        403,
        "Monthly messages limit reached",
        (535, "5.7.0", "Monthly messages limit reached"),
        gettext_noop("The plan's messages of this month are used up, or this mail needs more than are left."),
    ),
    Reason.DAILY_LIMIT: _Meaning(
        403,
        "Daily messages limit reached",
        (550, "5.7.1", "Daily messages limit reached"),
        gettext_noop(
            "The plan's messages of this day are used up, or this mail needs more than are left. The next day "
            "begins at midnight UTC; other plans have no daily limit."
        ),
    ),
    Reason.TOKEN_LIMIT: _Meaning(
        403,
        "Monthly messages limit of the API token reached",
        (550, "5.7.1", "Monthly messages limit of the API token reached"),
        gettext_noop(
            "The API token has a monthly limit of its own, and this mail needs more than is left of it. Use "
            "another token, or wait for the next period."
        ),
    ),
    Reason.UNSTORABLE_TEXT: _Meaning(
        400,
        "the message holds characters that cannot be stored",
        (550, "5.6.0", "The message holds characters that cannot be stored"),
        gettext_noop("Remove NUL characters from subject, category and custom variables."),
    ),
    Reason.SEND_AT_INVALID: _Meaning(
        400,
        "'send_at' {}",
        (550, "5.7.1", "X-MT-Send-At {}"),
        gettext_noop("Name a moment with its UTC offset, such as 2027-01-31T09:30:00Z, at most 30 days ahead."),
    ),
    Reason.TRACKING_INVALID: _Meaning(
        400,
        "'{}' is invalid",
        (550, "5.6.0", "{} must be yes or no"),
        gettext_noop("Say yes or no, once for each header. Leave it out to follow the sending domain's setting."),
    ),
    Reason.IDEMPOTENCY_KEY_INVALID: _Meaning(
        400,
        "'Idempotency-Key' is invalid",
        (550, "5.6.0", "The Idempotency-Key header is invalid"),
        gettext_noop("A key is 1 to 255 visible ASCII characters, such as a UUID."),
    ),
    Reason.IDEMPOTENCY_MISMATCH: _Meaning(
        422,
        "'Idempotency-Key' was used for another message",
        (550, "5.7.1", "Idempotency-Key was used for another message"),
        gettext_noop("Within 24 hours a key stands for one message. Use a new key for another one."),
    ),
    Reason.SANDBOX_UNKNOWN: _Meaning(
        404,
        "Not Found",
        (554, "5.5.1", "Error: no sandbox for this email"),
        gettext_noop("The account has no sandbox of this id. The page of each sandbox shows its id."),
    ),
    Reason.SANDBOX_NOT_PERMITTED: _Meaning(
        403,
        _FORBIDDEN,
        (550, "5.7.1", "Sending to this sandbox is not allowed"),
        gettext_noop("The API token may not send to sandboxes. Use one with admin access to the account."),
    ),
    Reason.RATE_LIMITED: _Meaning(
        429,
        "Rate limit exceeded",
        (450, "4.7.0", "Too many requests; try again later"),
        gettext_noop("Too many requests in a short time. Wait as long as Retry-After says."),
    ),
    Reason.TEMPORARY: _Meaning(
        503, "Service temporarily unavailable", (451, "4.3.0", "Temporary failure; try again later"), _TRY_LATER
    ),
    Reason.OVERLOADED: _Meaning(
        503, "Service temporarily unavailable", (451, "4.3.1", "Too busy; try again later"), _TRY_LATER
    ),
    Reason.STORAGE_FULL: _Meaning(
        503, "Service temporarily unavailable", (452, "4.3.1", "Insufficient system storage"), _TRY_LATER
    ),
}

_SAID_ON_ITS_PAGE = (Reason.DOMAIN_NOT_VERIFIED, Reason.DOMAIN_NOT_COMPLIANT)
"""Reasons that the page of the sending domain explains; their detail is its name."""

RETRY_AFTER_SECONDS = {503: 5, 429: WINDOW_SECONDS}
"""By HTTP status."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """`detail` fills the place that the reason's texts leave: a domain, a field, a size. `wait`: seconds, if known."""

    reason: Reason
    detail: str = ""
    wait: int | None = None

    @property
    def status(self) -> int:
        """Of HTTP."""
        return _MEANINGS[self.reason].status

    @property
    def error(self) -> str:
        """The contract's string for `errors`."""
        return _MEANINGS[self.reason].error.replace("{}", self.detail)

    @property
    def reply(self) -> Reply:
        """Of SMTP."""
        code, enhanced, text = _MEANINGS[self.reason].reply
        return Reply(code, enhanced, (text.replace("{}", self.detail),))

    @property
    def retry_after(self) -> int | None:
        """Seconds, where trying again helps."""
        return RETRY_AFTER_SECONDS.get(self.status) if self.wait is None else self.wait

    @property
    def sentence(self) -> str:
        """What to do about it, in the reader's language."""
        return _(_MEANINGS[self.reason].sentence)

    @property
    def details(self) -> dict[str, Any]:
        """What the API adds beside the contract's `errors`."""
        found = {"code": self.reason.value, "message": self.sentence, "docs": docs_url(self.reason)}
        if self.reason in _SAID_ON_ITS_PAGE and self.detail:
            # The reader's own domain of this name, wherever it lies.
            found["page"] = settings.SITE_URL + reverse("domains:named", args=[self.detail])
        return found


def docs_url(code: StrEnum) -> str:
    """Where the documentation explains a code."""
    return f"{settings.SITE_URL}/refusals/#{code.value}"
