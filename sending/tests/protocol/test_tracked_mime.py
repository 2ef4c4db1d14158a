"""What is put into a mail stands where readers find it, and nothing else of the mail changes."""

import base64
import quopri
from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol import recipient_links as links
from sending.protocol import return_path
from sending.protocol.additions import Additions
from sending.protocol.message_head import defects
from sending.protocol.recipient_links import Purpose
from sending.protocol.tracked_mime import compile_mail
from sending.tests.protocol.tracked import (
    BASE,
    KEY,
    LISTED,
    OWN_URL,
    PATHS_KEY,
    REF,
    TRACKED,
    assert_only_links_differ,
    clicks,
    contents,
    copy_of,
)

HEAD = "From: a@shop.test\r\nTo: rita@far.test\r\nSubject: Hi\r\nMIME-Version: 1.0\r\n"
HTML = (
    '<html><body class="ä"><!--[if mso]><a href="https://x.test/mso">m</a><![endif]-->\r\n'
    '<p>Grüße  <a  HREF = "https://x.test/?a=1&amp;b=2" >hier</a>,\r\n\t<a href=https://y.test/ü>da</a> '
    '<a href="mailto:a@x.test">Mail</a> <a href="#top">up</a></p>\r\n<svg><path d="M0 0"/></svg></body></html>\r\n'
)
TARGETS = [b"https://x.test/mso", b"https://x.test/?a=1&b=2", b"https://y.test/%C3%BC"]
CLICKS = Additions(BASE, clicks=True)


def mail(content, *, kind="text/html", charset="utf-8", encoding="8bit", more=""):
    octets = content if isinstance(content, bytes) else content.encode(charset)
    if encoding == "base64":
        octets = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        octets = quopri.encodestring(octets.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    named = f'; charset="{charset}"' if charset else ""
    fields = f"Content-Type: {kind}{named}\r\nContent-Transfer-Encoding: {encoding}\r\n{more}"
    return f"{HEAD}{fields}\r\n".encode() + octets


def multipart(subtype, *parts, more=""):
    """Parts are whole mails; their heads' fields of content are kept."""
    pieces = [f'{HEAD}Content-Type: multipart/{subtype}; boundary="b-1"{more}\r\n\r\npreamble\r\n'.encode()]
    for one in parts:
        pieces.append(b"--b-1\r\n" + one.removeprefix(HEAD.encode()).rstrip(b"\r\n") + b"\r\n")
    return b"".join([*pieces, b"--b-1--\r\nepilogue\r\n"])


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64", "binary", "8BIT "])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
def test_html_is_what_it_was_apart_from_its_links(encoding, charset):
    before = mail(HTML, charset=charset, encoding=encoding)
    [after] = contents(copy_of(before, CLICKS))
    assert clicks(after) == TARGETS
    assert_only_links_differ(*(text.decode(charset).encode() for text in (contents(before)[0], after)))


def test_octets_between_the_links_are_not_encoded_anew():
    odd = b'a=C3=bc =\r\n<a href=3D"https://x.te=\r\nst/">x</a>=20=\r\n\r\n=ZZ <b>  \r\n'
    before = mail(b"", encoding="quoted-printable") + odd
    template = compile_mail(before, CLICKS)
    assert [piece for piece in template.pieces if isinstance(piece, bytes)] == [
        before.partition(b"https://x.te")[0] + b"=\r\n",
        b'">x</a>=20=\r\n\r\n=ZZ <b>  \r\n',
    ]


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "iso-2022-jp", "hz", "cp037", "x-unknown"])
def test_charsets_in_which_ascii_is_something_else_are_left_alone(charset):
    octets = HTML.replace("ä", "").replace("ü", "").replace("ß", "").encode()
    before = mail(octets, charset=charset)
    assert copy_of(before) == before


@pytest.mark.parametrize(
    "message",
    [
        multipart("signed", mail(HTML), mail(b"", kind="application/pgp-signature"), more="; protocol=x"),
        multipart("mixed", multipart("encrypted", mail(HTML)).replace(b"b-1", b"b-2")),
        multipart("mixed", mail(HTML), mail(b"x", kind="application/pkcs7-mime")),
        mail("-----BEGIN PGP MESSAGE-----\r\nhttps://x.test/\r\n", kind="text/plain"),
        mail(HTML, more="Content-Disposition: attachment\r\n"),
        mail(HTML, more="Content-Disposition: inline;\r\n filename=a.html\r\n"),
        mail(HTML, kind='text/html; name="a.html"'),
        multipart("mixed", b"Content-Type: message/rfc822\r\n\r\n" + mail(HTML)),
        multipart("digest", mail(HTML)),
        mail(HTML, encoding="x-uuencode"),
        mail(b"PGEgaHJlZj0=PGEg junk!", encoding="7bit").replace(b"7bit", b"base64"),
        mail(HTML, kind="text/calendar"),
        HEAD.encode() + b"\r\n",
        HEAD.encode() + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\nno part\r\n',
        HEAD.encode() + b"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n",
    ],
)
def test_what_is_signed_encrypted_attached_or_strange_stays_as_it_is(message):
    assert copy_of(message) == message


def test_both_versions_are_tracked_with_one_pixel_and_files_are_not():
    text = mail("Look: https://x.test/?a=1&b=2, (https://y.test/a_(b)).\r\n", kind="text/plain")
    file = mail("https://x.test/", kind="text/plain", more="Content-Disposition: attachment; filename=a.txt\r\n")
    inner = multipart("alternative", text, mail(HTML, encoding="quoted-printable")).replace(b"b-1", b"b-2")
    before = multipart("mixed", inner, file)
    after = copy_of(before)
    plain, html, attached = contents(after)
    assert clicks(plain) == [b"https://x.test/?a=1&b=2", b"https://y.test/a_(b)"]
    assert clicks(html) == TARGETS
    assert attached == b"https://x.test/"
    [(_, token)] = [found for found in OWN_URL.findall(after.replace(b"=\r\n", b"")) if found[0] == b"o"]
    assert links.read_open(token.decode(), [KEY]) == REF.message_id
    assert html.index(b"<img") < html.index(b"</body>")
    assert after.endswith(b"epilogue\r\n")
    assert defects(after) <= defects(before)


def test_what_html_leaves_alone_stays_in_the_text_too():
    html = '<a data-mt-no-track href="https://x.test/?a=1&amp;b=2">x</a><a href="https://y.test/">y</a>'
    text = mail("https://x.test/?a=1&b=2 https://y.test/ https://x.test/unsubscribe\r\n", kind="text/plain")
    plain, page = contents(copy_of(multipart("alternative", text, mail(html)), CLICKS))
    assert clicks(plain) == clicks(page) == [b"https://y.test/"]


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_placeholders_are_filled_without_any_tracking(encoding):
    html = f'<p>{"ö" * 30} <a href="__unsubscribe_url__">u</a> __tracking_opt_out_url__</p>\r\n'
    more = "List-Unsubscribe: <__unsubscribe_url__>\r\nSubject-Note: __unsubscribe_url__\r\n"
    after = copy_of(mail(html, encoding=encoding, more=more), Additions(BASE))
    unsubscribe = links.url(BASE, Purpose.UNSUBSCRIBE, links.seal_recipient(Purpose.UNSUBSCRIBE, REF, KEY))
    opt_out = links.url(BASE, Purpose.TRACKING_OPT_OUT, links.seal_recipient(Purpose.TRACKING_OPT_OUT, REF, KEY))
    assert contents(after)[0].decode() == html.replace("__unsubscribe_url__", unsubscribe).replace(
        "__tracking_opt_out_url__", opt_out
    )
    head = message_from_bytes(after)
    assert head["List-Unsubscribe"] == f"<{unsubscribe}>"
    assert head["Subject-Note"] == "__unsubscribe_url__"


def test_a_placeholder_is_found_wherever_a_line_of_quoted_printable_ends():
    for number in range(1, len("__unsubscribe_url__")):
        text = "__unsubscribe_url__"[:number] + "=\r\n" + "__unsubscribe_url__"[number:]
        for one in (text, text.replace("_", "=5F", 1), text.replace("_", "=5f")):
            message = mail(b"", kind="text/plain", encoding="quoted-printable") + one.encode() + b"\r\n"
            assert len(OWN_URL.findall(contents(copy_of(message, Additions(BASE, opens=True)))[0])) == 1


def test_bulk_mail_gets_the_fields_of_a_list_once():
    head = message_from_bytes(copy_of(mail("Hello\r\n", kind="text/plain"), LISTED))
    https, mailto = head["List-Unsubscribe"].replace("\r\n", "").split(", ")
    kind, token = OWN_URL.fullmatch(https.strip("<>").encode()).groups()
    assert kind == b"unsubscribe"
    assert links.read_recipient(Purpose.UNSUBSCRIBE, token.decode(), [KEY]) == REF
    local, _, rest = mailto.strip("<>").removeprefix("mailto:").partition("@")
    assert return_path.decode_unsubscribe(local, PATHS_KEY) == REF.message_id
    assert rest == f"rp.shop.test?subject={token.decode()}"
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (head["Precedence"], head["Feedback-ID"]) == ("bulk", "news:d5:bulk:a000001")


def test_fields_of_the_client_stand_and_one_click_is_promised_for_our_address_alone():
    own = "List-Unsubscribe: <mailto:u@shop.test>\r\nPRECEDENCE: list\r\nFeedback-ID: mine\r\n"
    head = message_from_bytes(copy_of(mail("Hi\r\n", kind="text/plain", more=own), LISTED))
    assert head.get_all("List-Unsubscribe") == ["<mailto:u@shop.test>"]
    assert (head["List-Unsubscribe-Post"], head.get_all("Precedence"), head["Feedback-ID"]) == (None, ["list"], "mine")
    ours = "List-Unsubscribe: <__unsubscribe_url__>\r\n"
    head = message_from_bytes(copy_of(mail("Hi\r\n", kind="text/plain", more=ours), LISTED))
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len(head.get_all("List-Unsubscribe")) == 1


def test_a_footer_says_who_sends_and_lets_go_where_the_mail_does_not():
    both = multipart("alternative", mail("Hello\r\n", kind="text/plain"), mail("<p>Hello", encoding="quoted-printable"))
    text, html = contents(copy_of(both, LISTED))
    assert b"Gr&#252;n &amp; S&#246;hne, 1010 Wien" in html
    assert b"Grun & Sohne, 1010 Wien\r\nUnsubscribe: https://" in text
    assert [kind for kind, _ in OWN_URL.findall(text + html)] == [b"unsubscribe", b"unsubscribe"]
    said = mail('<p>Hello <a href="https://shop.test/leave">Unsubscribe</a>')
    assert contents(copy_of(said, LISTED)) == contents(said)
    wide = mail("Grüße\r\n", kind="text/plain", encoding="base64")
    assert "Grün & Söhne" in contents(copy_of(wide, LISTED))[0].decode()


def test_readers_can_end_the_tracking_where_there_is_any():
    additions = Additions(BASE, opens=True, opt_out_footer=True)
    [html] = contents(copy_of(mail("<p>Hello</p>"), additions))
    assert [kind for kind, _ in OWN_URL.findall(html)] == [b"tracking", b"o"]
    plain = mail("Hello\r\n", kind="text/plain")
    assert copy_of(plain, additions) == plain
    assert copy_of(mail("<p>Hello</p>"), additions.untracked()) == mail("<p>Hello</p>")
    said = mail('<a href="__tracking_opt_out_url__">stop</a>')
    assert [kind for kind, _ in OWN_URL.findall(contents(copy_of(said, additions))[0])] == [b"tracking", b"o"]


def test_lines_without_encoding_stay_within_their_bound():
    many = "".join(f'<a href="https://x.test/{number:0100}">x</a>' for number in range(6))
    before = mail(many.ljust(990) + "\r\n", encoding="7bit")
    after = copy_of(before, CLICKS)
    assert defects(before) == defects(after)
    assert len(clicks(after)) == 6
    alone = mail(f'<a href="https://x.test/{"y" * 900}">x</a>\r\n', encoding="7bit")
    assert copy_of(alone, CLICKS).replace(b"\r\nhref", b"href") == alone


LINES = st.lists(
    st.sampled_from(
        ["--b-1", "--b-1--", "--b-2", "", "Content-Type: text/html; charset=utf-8", "Content-Type: text/plain", "<p>",
         "Content-Transfer-Encoding: quoted-printable", "Content-Transfer-Encoding: base64", "é=", "=C3=BC=", "__", "=",
         "Content-Type: multipart/mixed; boundary=b-2", '<a href="http://x.test">', '<a href=3D"http://x.te=', "st/x",
         "http://x.test/a?b, http://y.test", "__unsubscribe_url__", "__unsub=", "scribe_url__", "<!--", "-->", " ",
         "PGEgaHJlZg==", "</body>"]
    ),
    max_size=25,
)  # fmt: skip


@given(LINES)
def test_any_mail_is_filled_and_without_reason_stays_as_it_is(lines):
    head = HEAD + 'Content-Type: multipart/mixed; boundary="b-1"\r\n\r\n'
    message = (head + "\r\n".join(lines) + "\r\n").encode()
    template = compile_mail(message, Additions(BASE))
    if template.is_same_for_all:
        assert template.fill() == message
    after = copy_of(message, TRACKED)
    assert len(contents(after)) == len(contents(message))
    assert after.count(b"\n") == after.count(b"\r\n")
