"""What the sending API takes and answers, as types to be documented; reading a request is `send/body`'s."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from sending.api.send.body_limits import MOST_BATCH_OCTETS
from sending.policy.fault import MOST_ATTACHMENTS, MOST_NAME_CHARACTERS, MOST_REQUESTS
from sending.policy.idempotency_key import MOST_KEY_CHARACTERS
from sending.policy.limits import MOST_CATEGORY_CHARACTERS, MOST_VARIABLES_BYTES
from sending.policy.recipients import MOST_OF_A_KIND
from sending.policy.send_time import LONGEST_AHEAD


class Address(Struct):
    """A mailbox; `name` is shown beside the address."""

    email: Annotated[str, Meta(examples=["ada@example.com"])]
    name: str | None = None


class Attachment(Struct):
    """A file. `content` is base64; with the disposition `inline`, HTML shows it as `cid:` and its `content_id`."""

    content: Annotated[str, Meta(examples=["SXQgd29ya3Mu"], extra_json_schema={"contentEncoding": "base64"})]
    filename: Annotated[str, Meta(max_length=MOST_NAME_CHARACTERS)]
    type: Annotated[str, Meta(max_length=MOST_NAME_CHARACTERS, examples=["text/plain"])] | None = None
    disposition: Literal["attachment", "inline"] | None = None
    content_id: str | None = None


class Tracking(Struct):
    """Whether opens and clicks of this mail are counted; what is left out the sending domain decides."""

    opens: bool | None = None
    clicks: bool | None = None


Sender = Annotated[Address, Meta(description="Of a verified domain that the token may send from.")]
Addresses = Annotated[list[Address], Meta(max_length=MOST_OF_A_KIND)]
Key = Annotated[str, Meta(pattern="^[!-~]+$", min_length=1, max_length=MOST_KEY_CHARACTERS)]
Scalar = str | int | float | bool | None


class BatchBase(Struct, rename={"from_": "from"}):
    """What all mails of a batch share."""

    from_: Sender | None = None
    reply_to: Address | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    category: Annotated[str, Meta(max_length=MOST_CATEGORY_CHARACTERS, examples=["Receipt"])] | None = None
    custom_variables: (
        Annotated[
            dict[str, Scalar],
            Meta(
                description=f"Kept with the mail and told with its events; at most {MOST_VARIABLES_BYTES} bytes of"
                " JSON.",
                examples=[{"order": "58213"}],
            ),
        ]
        | None
    ) = None
    headers: (
        Annotated[
            dict[str, str],
            Meta(
                description="Further headers of the message. Those that the service writes are refused.",
                examples=[{"X-Shop": "Books"}],
            ),
        ]
        | None
    ) = None
    attachments: Annotated[list[Attachment], Meta(max_length=MOST_ATTACHMENTS)] | None = None
    template_uuid: (
        Annotated[uuid.UUID, Meta(description="Refused: there are no templates yet, and nothing is sent without one.")]
        | None
    ) = None
    send_at: (
        Annotated[
            datetime | int,
            Meta(
                description="When it leaves, with a UTC offset or as Unix seconds, at most"
                f" {LONGEST_AHEAD.days} days ahead; at once where it has passed."
            ),
        ]
        | None
    ) = None
    tracking: Tracking | None = None
    report_recipients: (
        Annotated[
            bool,
            Meta(description="Leaves invalid recipients out instead of refusing the mail, and answers for each."),
        ]
        | None
    ) = None


class BatchRequest(BatchBase):
    """A mail of a batch. A field that it names takes the place of the base's whole."""

    to: Addresses | None = None
    cc: Addresses | None = None
    bcc: Addresses | None = None
    idempotency_key: Key | None = None


class Mail(BatchRequest, kw_only=True):
    """One mail, with a text or HTML or both, and at least one recipient."""

    from_: Sender
    subject: Annotated[str, Meta(min_length=1)]


AT_LEAST_ONE = {"Mail": (("text", "html"), ("to", "cc", "bcc"))}
"""By shape: groups of fields, of each of which one is given and not empty."""


class Batch(Struct):
    """Mails that share what `base` says."""

    requests: Annotated[list[BatchRequest], Meta(max_length=MOST_REQUESTS)]
    base: BatchBase | None = None


class Detail(Struct):
    """A problem: its stable code, what to do about it, and where it is explained."""

    code: str
    message: str
    docs: str


class Failure(Struct):
    """Why nothing was accepted; `codes` and `details` follow the order of `errors`."""

    success: Literal[False]
    errors: list[str]
    codes: list[str]
    details: list[Detail]


class Recipient(Struct):
    """What became of a recipient; only where the request asked for a report."""

    email: str | None
    kind: Literal["to", "cc", "bcc"]
    status: Literal["accepted", "invalid"]
    message_id: uuid.UUID | None
    reason: str | None = None
    suppressed: Annotated[
        str | None, Meta(description="Why the address gets no mail: it is accepted, and rejected later.")
    ] = None


class Sent(Struct):
    """Accepted. One id a recipient, in the order to, cc, bcc."""

    success: Literal[True]
    message_ids: list[uuid.UUID]
    send_at: datetime | None = None
    recipients: list[Recipient] | None = None
    replayed: bool | None = None


REF = "#/components/schemas/{name}"
# A union of two structs, which a decoder could not tell apart, and none is to.
SentOrFailure = Annotated[
    Any, Meta(extra_json_schema={"anyOf": [{"$ref": REF.format(name=one.__name__)} for one in (Sent, Failure)]})
]


class BatchSent(Struct):
    """One answer a request, in their order; the other requests are not concerned by one that fails."""

    success: Literal[True]
    responses: list[SentOrFailure]


BATCH_MEGABYTES = MOST_BATCH_OCTETS // (1024 * 1024)
