"""Reading what a client sent never fails: a payload or a refusal comes out, and the body loses nothing."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from sending.models import Stream
from sending.policy.refusal import Refusal
from sending.protocol.message_head import parse_head, split
from sending.protocol.smtp_path import Path
from sending.protocol.smtp_server_events import ReceivedEnvelope
from sending.submission.payload import Payload, prepare
from sending.submission.smtp_draft import Origin, draft_of, recipients_of

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ORIGIN = Origin(1, 1, Stream.TRANSACTIONAL, "192.0.2.1", "live.smtp.platform.test", "ESMTPSA", None)
NAMES = st.sampled_from(
    [
        "From", "from", "To", "Cc", "Bcc", "Sender", "Subject", "Date", "X", "X-MT-Category", "X-MT-Custom-Variables",
        "X-MT-Send-At", "X-MT-Track-Opens", "x-mt-track-clicks", "Idempotency-Key",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["a@example.test", "A <a@example.test>, b@example.test", '{"a": ["\\u0000"]}', "=?utf-8?b?AAAA?="]),
    st.sampled_from(["yes", "no", "2026-11-23T09:00:00Z", "1795000000", '{"a": [[1]]}']),
    st.text(max_size=60),
)
HEADS = st.lists(st.tuples(NAMES, VALUES), max_size=6).map(
    lambda fields: "".join(f"{name}: {value}\r\n" for name, value in fields).encode("utf-8", "surrogatepass")
)


def envelope(*recipients):
    return ReceivedEnvelope(
        Path("a", "example.test"), tuple(Path(*one.split("@")) for one in recipients), smtputf8=True
    )


@given(head=HEADS | st.binary(max_size=200), body=st.binary(max_size=200))
@example(head=b"From: a@example.test\r\nSubject: =?utf-8?q?=00?=\r\n", body=b"")
@example(head=b"From: =?utf-8?q?=00?= <a@example.test>\r\n", body=b"")
@example(head=b'From: a@example.test\r\nX-MT-Custom-Variables: {"a":' + b"[" * 994 + b"\r\n", body=b"")
def test_any_content_gets_an_answer(head, body):
    content = head + b"\r\n" + body
    draft = draft_of(envelope("r@far.test"), content, ORIGIN, NOW)
    if isinstance(draft, Refusal):
        assert draft.reply.code >= 400
        return
    assert draft.message.endswith(split(content)[1])
    answer = prepare(draft)
    if isinstance(answer, Refusal):
        assert answer.reply.code >= 400
        return
    assert isinstance(answer, Payload)
    stored = (answer.subject, answer.sender.header, answer.rfc_message_id, answer.category or "")
    assert not any("\0" in text for text in stored)
    for text in (*stored, answer.custom_variables):
        text.encode()
    kept = {field.name for field in parse_head(split(draft.message)[0]).fields}
    assert not any(name.startswith(b"x-mt-") or name in (b"bcc", b"idempotency-key") for name in kept)


@given(
    named=st.lists(st.sampled_from(["a@far.test", "b@far.test"]), max_size=3),
    copied=st.lists(st.sampled_from(["a@far.test", "B@far.test"]), max_size=3),
    asked=st.lists(st.sampled_from(["A@FAR.test", "b@far.test", "c@far.test"]), max_size=6),
)
def test_each_recipient_has_one_kind_and_no_mention_is_used_twice(named, copied, asked):
    fields = [("To", named), ("Cc", copied)]
    head = "".join(f"{name}: {', '.join(value)}\r\n" for name, value in fields if value)
    kinds = recipients_of(asked, parse_head(head.encode()))
    assert [address for _, address in kinds] == asked
    assert sum(kind == "to" for kind, _ in kinds) <= len(named)
    assert sum(kind == "cc" for kind, _ in kinds) <= len(copied)
    assert all(kind == "bcc" for kind, address in kinds if address == "c@far.test")
