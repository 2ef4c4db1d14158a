"""What is wrong with a request to the sending API itself, whoever sends it: codes as refusals have, for HTTP alone.

What both doors can refuse is a `Refusal` here too.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sending.policy.limits import MOST_CATEGORY_CHARACTERS, MOST_VARIABLES_BYTES
from sending.policy.refusal import Refusal, docs_url
from sending.protocol.message_head import MAX_HEAD

MOST_ATTACHMENTS = 1000
MOST_NAME_CHARACTERS = 1000
"""Of an attachment's file name and type."""
MOST_REQUESTS = 500
"""Of a batch."""


class FaultCode(StrEnum):
    """The value is the stable code that the API's details and the documentation show."""

    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONTENT_TYPE_NOT_SUPPORTED = "content_type_not_supported"
    HEADER_REPEATED = "http_header_repeated"
    LENGTH_REQUIRED = "length_required"
    BODY_TOO_SLOW = "body_too_slow"
    BODY_CUT_SHORT = "body_cut_short"
    JSON_INVALID = "json_invalid"
    FIELD_INVALID = "field_invalid"
    ADDRESS_INVALID = "address_invalid"
    HEAD_TOO_LARGE = "head_too_large"
    SUBJECT_MISSING = "subject_missing"
    CONTENT_MISSING = "content_missing"
    CATEGORY_TOO_LONG = "category_too_long"
    VARIABLES_TOO_LONG = "custom_variables_too_long"
    HEADER_NOT_ALLOWED = "header_not_allowed"
    HEADER_INVALID = "header_invalid"
    MESSAGE_MALFORMED = "message_malformed"
    ATTACHMENTS_TOO_MANY = "attachments_too_many"
    ATTACHMENT_NAME_TOO_LONG = "attachment_name_too_long"
    ATTACHMENT_NOT_BASE64 = "attachment_not_base64"
    ATTACHMENT_DISPOSITION_INVALID = "attachment_disposition_invalid"
    TEMPLATE_EXCLUDES = "template_excludes"
    TEMPLATE_NOT_SUPPORTED = "template_not_supported"
    REQUESTS_MISSING = "requests_missing"
    REQUESTS_TOO_MANY = "requests_too_many"
    BASE_FIELD_NOT_ALLOWED = "base_field_not_allowed"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class _Meaning:
    """`error` may hold `{}` for the fault's detail; `sentence` says what to do, for people."""

    status: int
    error: str
    sentence: str


_MEANINGS: dict[FaultCode, _Meaning] = {
    FaultCode.METHOD_NOT_ALLOWED: _Meaning(405, "Method not allowed", gettext_noop("Mail is sent with POST.")),
    FaultCode.CONTENT_TYPE_NOT_SUPPORTED: _Meaning(
        415, "Content-Type must be application/json", gettext_noop("A single mail may be message/rfc822, too.")
    ),
    FaultCode.HEADER_REPEATED: _Meaning(
        400, "the {} header may be given once only", gettext_noop("Send each of the request's own headers once.")
    ),
    FaultCode.LENGTH_REQUIRED: _Meaning(
        411,
        "Content-Length is required: send the body whole instead of in chunks",
        gettext_noop("This server reads a body by its length only."),
    ),
    FaultCode.BODY_TOO_SLOW: _Meaning(
        408, "the request body came too slowly", gettext_noop("Nothing was accepted. Send the request again.")
    ),
    FaultCode.BODY_CUT_SHORT: _Meaning(
        400, "the request body ended too early", gettext_noop("Nothing was accepted. Send the request again.")
    ),
    FaultCode.JSON_INVALID: _Meaning(
        400, "the request body is not a valid JSON object", gettext_noop("Send one JSON object in UTF-8.")
    ),
    FaultCode.FIELD_INVALID: _Meaning(
        400, "{} is invalid", gettext_noop("The field has another type than the documentation gives it.")
    ),
    FaultCode.ADDRESS_INVALID: _Meaning(
        400, "{} address is invalid", gettext_noop("Name one address, such as user@example.com, in email.")
    ),
    FaultCode.HEAD_TOO_LARGE: _Meaning(
        400,
        f"addresses, 'subject' and 'headers' are longer than {MAX_HEAD} bytes",
        gettext_noop("Shorten these fields, or send to fewer recipients at once."),
    ),
    FaultCode.SUBJECT_MISSING: _Meaning(400, "'subject' is required", gettext_noop("Give the mail a subject.")),
    FaultCode.CONTENT_MISSING: _Meaning(
        400, "must specify either text or html body", gettext_noop("Give the mail a text, an HTML body, or both.")
    ),
    FaultCode.CATEGORY_TOO_LONG: _Meaning(
        400,
        f"'category' is longer than {MOST_CATEGORY_CHARACTERS} characters",
        gettext_noop("Use a shorter name; what differs from mail to mail belongs into custom variables."),
    ),
    FaultCode.VARIABLES_TOO_LONG: _Meaning(
        400,
        f"'custom_variables' is longer than {MOST_VARIABLES_BYTES} bytes",
        gettext_noop("Custom variables are counted as JSON. Keep keys to your own records in them, not the records."),
    ),
    FaultCode.HEADER_NOT_ALLOWED: _Meaning(
        400, "header {} is not allowed", gettext_noop("The service writes this header. Leave it out.")
    ),
    FaultCode.HEADER_INVALID: _Meaning(
        400, "header {}", gettext_noop("Names are ASCII without spaces; values have no line breaks.")
    ),
    FaultCode.MESSAGE_MALFORMED: _Meaning(
        400,
        "the message is malformed: {}",
        gettext_noop("A raw message is RFC 5322: a header, an empty line and a body, in lines of at most 998 octets."),
    ),
    FaultCode.ATTACHMENTS_TOO_MANY: _Meaning(
        400,
        f"'attachments' has more than {MOST_ATTACHMENTS} elements",
        gettext_noop("Put the files into an archive."),
    ),
    FaultCode.ATTACHMENT_NAME_TOO_LONG: _Meaning(
        400,
        f"'filename' or 'type' is longer than {MOST_NAME_CHARACTERS} characters in 'attachments' {{}}",
        gettext_noop("Use a shorter file name or type."),
    ),
    FaultCode.ATTACHMENT_NOT_BASE64: _Meaning(
        400, "'content' is not valid base64 in 'attachments' {}", gettext_noop("Encode the file's octets as base64.")
    ),
    FaultCode.ATTACHMENT_DISPOSITION_INVALID: _Meaning(
        400, "'disposition' is invalid in 'attachments' {}", gettext_noop("Use attachment or inline.")
    ),
    FaultCode.TEMPLATE_EXCLUDES: _Meaning(
        400, "{} is not allowed with 'template_uuid'", gettext_noop("The template brings this field. Leave it out.")
    ),
    FaultCode.TEMPLATE_NOT_SUPPORTED: _Meaning(
        400, "'template_uuid' is not supported", gettext_noop("Send the mail's own subject, text and HTML.")
    ),
    FaultCode.REQUESTS_MISSING: _Meaning(
        400, "'requests' is required", gettext_noop("A batch is an object with base and a list of requests.")
    ),
    FaultCode.REQUESTS_TOO_MANY: _Meaning(
        400, f"'requests' has more than {MOST_REQUESTS} elements", gettext_noop("Send the others in a further batch.")
    ),
    FaultCode.BASE_FIELD_NOT_ALLOWED: _Meaning(
        400, "{} is not allowed in 'base'", gettext_noop("Name it in each of the requests.")
    ),
    FaultCode.INTERNAL_ERROR: _Meaning(
        500, "Internal server error", gettext_noop("A fault of ours, which is logged. Try again later.")
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`detail` fills the place that the code's text leaves: a field, a position."""

    code: FaultCode
    detail: str = ""

    @property
    def status(self) -> int:
        """Of HTTP."""
        return _MEANINGS[self.code].status

    @property
    def error(self) -> str:
        """The contract's string for `errors`, where it has one."""
        return _MEANINGS[self.code].error.replace("{}", self.detail)

    @property
    def sentence(self) -> str:
        """What to do about it, in the reader's language."""
        return _(_MEANINGS[self.code].sentence)

    @property
    def details(self) -> dict[str, Any]:
        """What the API adds beside the contract's `errors`."""
        return {"code": self.code.value, "message": self.sentence, "docs": docs_url(self.code)}


Problem = Fault | Refusal
"""Why a mail, or a whole request, is not taken."""
