"""Secrets of links are hidden wherever they stand; everything else of a text, and of a mail, stays as it is."""

import re
from base64 import b64encode
from email.message import EmailMessage
from html import escape, unescape

from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.hidden_mail import LEFT_OUT, hide
from sending.protocol.mime_tree import read_tree
from sending.protocol.secret_links import hide_in_html, hide_in_text

words = st.text(alphabet=st.characters(exclude_characters="./:", codec="utf-8"), max_size=60)
tokens = st.from_regex(r"[0-9][A-Za-z0-9_-]{6,30}[A-Z]", fullmatch=True)
links = st.one_of(
    tokens.map(lambda one: (one, f"https://shop.test/a?next=1&token={one}")),
    tokens.map(lambda one: (one, f"https://shop.test/reset/{one}/")),
    tokens.map(lambda one: (one, f"https://shop.test/#access_token={one}&type=x")),
    tokens.map(lambda one: (one, f"https://go.test/?to=https%3A%2F%2Fshop.test%2Fverify%2F{one}")),
    tokens.map(lambda one: (one, f"shop.test/login?otp={one}")),
)
KEPT = (
    "https://shop.test/blog/2026/11/29/how-to-build-a-better-newsletter?utm_source=mail&utm_campaign=black-friday-2026",
    "https://shop.test/orders/58213, mailto:help@shop.test, image.png/2, and/or, www.shop.test/iphone15promax2",
    '<a href="mailto:help@shop.test">Write</a> <img src="cid:logo@shop.test"> <meta content="width=device-width">',
)


@given(words)
def test_text_without_links_stays_as_it_is(text: str) -> None:
    assert hide_in_text(text) == (text, frozenset())


def test_links_that_open_nothing_stay_as_they_are() -> None:
    for text in KEPT:
        assert (hide_in_text(text).text, hide_in_html(text).text) == (text, text)


@given(words, links, words, st.booleans())
def test_what_is_hidden_is_nowhere_and_stays_hidden(
    before: str, link: tuple[str, str], after: str, twice: bool
) -> None:
    secret, url = link
    text = f"{before} {url} {after} {secret if twice else ''}"
    html = f'<p>{escape(before)} <a href="{escape(url)}">{escape(url)}</a> {escape(after)} {secret if twice else ""}'
    for source, hidden in ((text, hide_in_text), (html, hide_in_html)):
        done = hidden(source)
        assert secret not in done.text
        assert ".test/" in done.text
        assert not any(one in done.text for one in done.secrets)
        assert hidden(done.text).text == done.text


def test_neither_entities_nor_tags_nor_passwords_bring_a_secret_through() -> None:
    for html in (
        '<a href="&#104;ttps://x.test/?tok&#101;n=9abcDEF12">a</a>',
        "<a href='/reset/9abcDEF12'>a</a> 9abc<wbr>DEF12",
        "https://x.test/?tok<b>en=9abc</b>DEF12",
        '<script type="application/ld+json">{"url": "https:\\/\\/x.test\\/?token=9abcDEF12"}</script>',
        "<p>https://ada:9abcDEF12@x.test/</p>",
        "<!-- https://x.test/?key=9abcDEF12 --><a href=https://x.test/?key=9abcDEF12>a</a>",
    ):
        assert "9abcDEF12" not in unescape(re.sub("<[^>]*>", "", html_of := hide_in_html(html).text) + html_of), html


def test_no_part_of_a_mail_keeps_what_another_gives_away() -> None:
    secret = "8fK2pLx09ZqTv3mW7cYb"
    mail = EmailMessage()
    mail["Subject"] = f"Grüße {secret}"
    mail["List-Unsubscribe"] = f"<https://shop.test/u?t={secret}>"
    mail.set_content(f"Ä https://shop.test/reset/{secret}", cte="quoted-printable")
    mail.add_alternative(f"<p>Your code: {secret}</p>", subtype="html", cte="base64")
    mail.add_attachment(f"a,{secret}".encode("utf-16"), maintype="application", subtype="octet-stream", filename="a")
    mail.add_attachment(f'{{"a": "{secret}"}}'.encode(), maintype="application", subtype="json", filename="b.json")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="c.png")
    inner = EmailMessage()
    inner.set_content(f"again {secret}", cte="base64")
    mail.add_attachment(inner)
    mail.preamble = f"before {secret}"
    source = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
    shown, is_changed = hide(source)
    assert is_changed
    leaves = read_tree(shown).leaves
    everything = shown + b"".join(one.octets for one in leaves)
    for written in (secret.encode(), b64encode(secret.encode())[:20]):
        assert written not in everything
    assert [one.octets for one in leaves if one.filename == "c.png"] == [b"\x89PNG"]
    assert [one.text.strip() for one in leaves if one.filename == "a"] == [LEFT_OUT]
    assert "Ä https://shop.test/reset/hidden" in leaves[0].text
    assert hide(shown).source == shown


def test_a_mail_without_secrets_stays_octet_for_octet_and_one_too_strange_is_left_out() -> None:
    plain = b"Subject: Hi\r\nX: \xff\r\n\r\nSee https://shop.test/orders/58213 \xe4\r\n"
    assert hide(plain) == (plain, False)
    strange = (
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\nContent-Type: multipart/mixed\r\n\r\n" * 60
    )
    assert LEFT_OUT.encode() in hide(strange + b"https://x.test/?token=9abcDEF12").source
