"""Whatever a mail is to say, the standard library's parser and one of another language read exactly that."""

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sending.protocol.message_head import defects, split
from sending.protocol.mime import Attachment, build
from sending.tests.protocol.mail_readers import StandardLibrary, mailparser_running, said_by
from sending.tests.protocol.test_mime import INLINE, PNG, mailbox, parts

READERS = ["standard library", pytest.param("mailparser", marks=pytest.mark.outside("mailparser"))]


@pytest.fixture(scope="module", params=READERS)
def reader(request):
    if request.param == "standard library":
        yield StandardLibrary()
        return
    with mailparser_running() as reader:
        yield reader


FAMILY = "👩‍👩‍👧‍👦"
ARABIC, HEBREW = "مرحبا بالعالم", "שלום עולם"
SUBJECTS = {
    "none": "",
    "of many words": "Your order 4711 is on its way to you, " * 30,
    "of one long word": "a" * 2_000,
    "of emoji": FAMILY * 60,
    "from right to left": f"{ARABIC} 4711 {HEBREW} " * 20,
    "of Chinese": "您的订单正在路上" * 40,
    "that looks encoded": "=?utf-8?q?not_so?= =?utf-8?b?bm90?=",
    "with gaps": "two  three   \t tab" + " " * 100 + "end",
    "with a colon and commas": 'Re: "x" <a@b.test>, (c); d',
}
NAMES = {
    "of one word": "Alice",
    "with a comma": "Public, John Q.",
    "with quotes": 'The "Boss" \\ (sales) <ceo>',
    "of emoji": f"{FAMILY} Family",
    "from right to left": f"{ARABIC} {HEBREW}",
    "of Chinese": "李 小龙" * 20,
    "that is long": "Ministry of very long names " * 20,
    "of one long word": "a" * 1_200,
    "that looks like an address": "billing@shop.test",
    "that looks encoded": "=?utf-8?q?x?=",
}
FILENAMES = {
    "plain": "report-2026.pdf",
    "with blanks": "my  report .pdf",
    "with an umlaut": "Größe für dich.pdf",
    "of emoji": f"{FAMILY}.png",
    "from right to left": f"{HEBREW} {ARABIC}.pdf",
    "of Chinese, long": "关于您的订单" * 20 + ".pdf",
    "ASCII, long": "x" * 900 + ".bin",
    "with quotes": 'od"d \\ na\\"me.txt',
    "that looks encoded": "=?utf-8?q?x.exe?=",
    "that looks percent-encoded": "utf-8''a%20b.txt",
    "with marks": "a;b=c,d*0*=e(f)<g>@h[i]?.txt",
}
TEXTS = {
    "empty": "",
    "a blank": " ",
    "line ends alone": "\n\n\n",
    "no line end": "end",
    "998 octets": "x" * 998 + "\n",
    "lines far too long": ("x" * 5_000 + "\n" + "ü" * 5_000 + "\n") * 2,
    "blanks before line ends": "".join("x" * length + " \n" + "x" * length + "\t\n" for length in range(70, 80)),
    "dots": ".\n..\n.x\n\n.\n",
    "From": "From me\nFrom you \n" + "From " + "x" * 71 + "\n>From\nfrom\n" + "x" * 75 + "From here",
    "equal signs": "=\n=20\n==3D\n" + "=" * 200,
    "Cyrillic": "Здравствуйте, ваш заказ в пути.\n" * 50,
    "emoji": (FAMILY * 10 + "\n") * 20,
    "half and half": "aé" * 200 + "\n" + "aaé" * 200,
    "from right to left": f"{ARABIC}\n{HEBREW}\n" * 20,
    "boundaries": "--=_\n--=_0--\n" * 10,
    "controls": "one\x0b\x0ctwo\x1b\x7f\x85\u2028three\0\n",
}
FILE = Attachment("a.pdf", "application/pdf", b"%PDF")
INVITATION = Attachment("invite.ics", 'text/calendar; method=REQUEST; charset="utf-8"', b"BEGIN:VCALENDAR\r\n")
IMAGES = tuple(Attachment(f"{n}.png", "image/png", PNG, "inline", f"image-{n}@example.test") for n in range(3))
WITH_IMAGES = {"html": "".join(f'<img src="cid:{one.content_id}">' for one in IMAGES), "attachments": IMAGES}
ZONE = timezone(timedelta(hours=-9, minutes=-30))
WHOLE = {
    "text alone": {},
    "HTML alone": {"text": None, "html": "<p>"},
    "both": {"html": "<p>"},
    "images in HTML alone": {**WITH_IMAGES, "text": None},
    "text, HTML, images and files": {**WITH_IMAGES, "attachments": (FILE, *IMAGES, INVITATION)},
    "an image and no HTML to stand in": {"attachments": (INLINE,)},
    "a file alone": {"text": None, "attachments": (FILE,)},
    "a hundred files": {"attachments": tuple(Attachment(f"{n}.txt", "text/plain", b"%d" % n) for n in range(100))},
    "empty files": {"html": "<p>", "attachments": (Attachment("0.bin", "image/png", b""),) * 2},
    "a large file": {"attachments": (Attachment("big.bin", "application/x-thing", bytes(range(256)) * 4_000),)},
    "a hundred readers": {"to": tuple(mailbox(f"r{n}@there.test", f"Ümläut, {n}") for n in range(100))},
    "copies": {"cc": (mailbox("c@there.test", "Cleo"),), "reply_to": (mailbox("a@b.test"), mailbox("c@d.test", "C"))},
    "another zone": {"date": datetime(2028, 2, 29, 23, 59, 59, tzinfo=ZONE)},
    "a long id": {"message_id": "a" * 100 + "." + "b" * 100 + "@example.test"},
}
CASES = {
    **{f"subject {case}": {"subject": subject} for case, subject in SUBJECTS.items()},
    **{
        f"name {case}": {
            "from_": mailbox("alice@example.test", name),
            "to": tuple(mailbox(f"r{number}@there.test", name) for number in range(4)),
            "cc": (mailbox("c@there.test", name),),
        }
        for case, name in NAMES.items()
    },
    **{
        f"file name {case}": {"attachments": (Attachment(name, "image/png", PNG), FILE)}
        for case, name in FILENAMES.items()
    },
    **{f"text: {case}": {"text": text} for case, text in TEXTS.items()},
    **{f"HTML and text: {case}": {"text": text, "html": text} for case, text in TEXTS.items()},
    **WHOLE,
}


@pytest.mark.parametrize("case", CASES)
def test_each_case_is_read_as_it_was_meant(reader, case):
    mail = parts(**CASES[case])
    message = build(mail)
    assert reader.read(message) == said_by(mail)
    assert defects(message) == set()
    assert message.isascii()
    lines = split(message)[1].split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(one.startswith(b"From ") for one in lines)


def test_a_type_keeps_what_it_says_about_the_file():
    """A calendar's method makes an invitation of it; the name is the disposition's, and what is no parameter goes."""
    spoken = 'text/Calendar ;METHOD = REQUEST;name=x; charset="utf-8"; charset=twice; note="a \\"b\\""; odd'
    message = build(parts(attachments=(Attachment("invite.ics", spoken, b""),)))
    expected = (
        b'Content-Type: text/Calendar;\r\n METHOD=REQUEST;\r\n charset="utf-8";\r\n note="a \\"b\\""\r\nContent-D'
    )
    assert expected in message
    for endless in (f"; {'n' * 100}=é", "; note=" + "x" * 2_000, '; note="' + "é" * 2_000 + '"'):
        assert defects(build(parts(attachments=(Attachment("a", f"image/png{endless}", b""),)))) == set()


line = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=120)
tricky = st.text(alphabet="=?utf8qb_ \tB\"\\;,'%*()<>@:.ü👦", max_size=60)
words = line | tricky
bodies = st.none() | st.text(max_size=200) | st.text(alphabet="\r\n .=\tFrom-ü", max_size=200)
files = st.builds(
    Attachment,
    filename=words,
    content_type=st.sampled_from(["image/png", 'application/x-any; note="a; b"']),
    content=st.binary(max_size=200),
    disposition=st.sampled_from(["attachment", "inline"]),
    content_id=st.sampled_from([None, "a@b.test"]),
)
mailboxes = st.builds(
    mailbox, st.sampled_from(["r@there.test", '"a b"@there.test']), words.map(lambda name: f"N {name}")
)


@settings(max_examples=150, deadline=None)
@given(
    subject=words,
    people=st.lists(mailboxes, min_size=1, max_size=4).map(tuple),
    text=bodies,
    html=bodies,
    attachments=st.lists(files, max_size=3).map(tuple),
)
def test_any_mail_is_read_as_it_was_meant(reader, subject, people, text, html, attachments):
    mail = parts(subject=subject, to=people, reply_to=people, text=text, html=html, attachments=attachments)
    message = build(mail)
    assert reader.read(message) == said_by(mail)
    assert defects(message) == set()


def bodies_by_others():
    """HTML mails by others, each with its text where one stands beside it."""
    folder = Path(os.environ.get("CORPUS_DIR", "/nowhere")) / "mail-html"
    return sorted(folder.rglob("*.html"))


@pytest.mark.parametrize("file", bodies_by_others(), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_mails_by_others_come_back_octet_for_octet(reader, file):
    beside = file.with_suffix(".txt")
    mail = parts(html=file.read_bytes().decode(), text=beside.read_bytes().decode() if beside.exists() else None)
    message = build(mail)
    assert reader.read(message) == said_by(mail)
    assert defects(message) == set()
