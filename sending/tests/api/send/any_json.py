"""Strategies for what strangers may send as JSON: right, nearly right, and nothing of the kind."""

from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["", " ", "\r\n", "\0", "a\ud83d", "\ud83d\ude00", "=?utf-8?q?=0A?="]
)
SCALAR = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
JSON = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
ADDRESS = st.sampled_from(
    [
        {"email": "r@far.test"},
        {"email": "r@far.test", "name": 'a"<\\>\t'},
        {"email": " ü@grüße.test ", "name": None},
        {"email": '"a b"@far.test', "name": "Ж" * 300},
        {"email": ""},
        {"email": "r@far.test\r\nBcc: x@far.test"},
        {},
    ]
) | st.fixed_dictionaries({"email": TEXT}, optional={"name": TEXT})
ADDRESSES = st.lists(ADDRESS, max_size=3)
ATTACHMENT = st.fixed_dictionaries(
    {"content": st.sampled_from(["eA==", "", "e A\n==", "x"]) | TEXT, "filename": TEXT},
    optional={"type": TEXT, "disposition": st.sampled_from(["inline", "attachment", ""]) | TEXT, "content_id": TEXT},
)
HEADERS = st.dictionaries(
    st.sampled_from(["X-A", "Reply-To", "reply-to", "Sender", "List-Unsubscribe", "Content-Transfer-Encoding"]) | TEXT,
    st.sampled_from(["r@far.test", "a <a@b.test>, b@c.test", "a@example.test"]) | TEXT,
    max_size=3,
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "from": st.sampled_from([{"email": "a@example.test", "name": "Ж" * 300}, {"email": "A@EXAMPLE.test"}]) | JSON,
    "to": ADDRESSES | JSON,
    "cc": ADDRESSES | JSON,
    "bcc": ADDRESSES | JSON,
    "reply_to": ADDRESS | JSON,
    "subject": TEXT | JSON,
    "text": TEXT | JSON,
    "html": TEXT | JSON,
    "category": TEXT | JSON,
    "custom_variables": st.dictionaries(TEXT, SCALAR, max_size=3) | JSON,
    "headers": HEADERS | JSON,
    "attachments": st.lists(ATTACHMENT, max_size=3) | JSON,
    "template_uuid": st.sampled_from(["b81aabcd-1a1e-41cf-91b6-eca0254b3d96", ""]) | JSON,
    "template_variables": JSON,
    "send_at": st.sampled_from(["2020-01-01T00:00:00Z", 0, "2999-01-01T00:00:00Z"]) | JSON,
    "tracking": st.dictionaries(st.sampled_from(["opens", "clicks"]), SCALAR) | JSON,
    "idempotency_key": TEXT | JSON,
    "report_recipients": st.booleans() | JSON,
}
CHANGES = st.fixed_dictionaries({}, optional=FIELDS)
"""Some fields of a mail, each as it should be or as anything else."""
