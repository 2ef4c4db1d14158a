"""Mails as nobody sends them who means well: hypothesis strategies."""

from hypothesis import strategies as st

NAMES = st.sampled_from(
    [
        "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID", "Content-Type", "MIME-Version",
        "Content-Transfer-Encoding", "X-MT-Category", "X-MT-Custom-Variables", "Received", "Return-Path",
        "DKIM-Signature", "X", "X-MT-Send-At", "X-MT-Track-Opens", "Idempotency-Key", "From",
    ]
)  # fmt: skip
PIECES = st.sampled_from(
    [
        "a@example.test", "<a@example.test>", "A", ",", ";", ":", "<", ">", "@", "(", ")", '"', "\\", ".", "[", "]",
        "{", "}", "=?utf-8?q?", "=?utf-8?b?", "=?utf-7?q?", "=?idna?q?", "?=", "=?", "=00", "=0D=0A", "AAAA", "_", "+",
        "%00", "\0", "\r\n ", "\r\n\t", "\t", " ", "\x1b", "\x7f", "\x80", "\ufeff", "\u202e", "\u2028", "é", "ｅ",
        "👩‍👩‍👧", "\ud800", "xn--", "xn--a", "1e400", "-1", "9" * 25, '{"a":', '"\\u0000"', '"\\ud800"', "null", "true",
        "2026-11-23T09:00:00Z", "0000-00-00T00:00:00Z", "yes", "no", "boundary=", "charset=", "multipart/mixed",
        "a" * 300, "[" * 1_000, "(" * 1_000,
    ]
)  # fmt: skip
VALUES = st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join)
FIELDS = st.tuples(NAMES, VALUES).map(lambda field: f"{field[0]}: {field[1]}\r\n".encode("utf-8", "surrogatepass"))
SOUND_FIELDS = [
    b"To: rita@far.test\r\n",
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n",
    b'X-MT-Custom-Variables: {"a": [1]}\r\n',
    b"Content-Type: multipart/mixed; boundary=b\r\n",
]
BROKEN_LINES = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b" \r\n",
    b"From a@example.test\r\n",
    b": x\r\n",
    b"X : y\r\n",
    b"\xff\xfe: z\r\n",
]
HEADS = st.lists(FIELDS | st.sampled_from(SOUND_FIELDS), max_size=8).map(b"".join)
PARTS = [b"--b\r\n", b"--b--\r\n", b"\r\n", b".\r\n", b"From: m@evil.test\r\n", b"\0", b"\n", b"\xff", b"\x80" * 9]
BODIES = st.binary(max_size=60) | st.lists(st.sampled_from(PARTS), max_size=8).map(b"".join)


@st.composite
def mails(draw):
    """Mostly with a sound author, at times with a broken line or a piece cut out or said twice."""
    author = b"From: Alice <a@example.test>\r\n"
    mail = (author if draw(st.integers(0, 9)) else b"") + draw(HEADS)
    if not draw(st.integers(0, 5)):
        mail += draw(st.sampled_from(BROKEN_LINES)) + draw(HEADS)
    mail += b"\r\n" + draw(BODIES)
    if draw(st.integers(0, 5)):
        return mail
    start, end = sorted((draw(st.integers(0, len(mail))), draw(st.integers(0, len(mail)))))
    return mail[:start] + mail[end:] if draw(st.booleans()) else mail[:end] + mail[start:]
