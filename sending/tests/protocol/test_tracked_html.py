"""Links of HTML are found as a browser finds them, and what they lead to is what a browser follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.targets import target_of_attribute
from sending.protocol.tracked_html import read_html

OWN = b"https://t.platform.test/t/"


def hrefs(html):
    return [link.value for link in read_html(html).links]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (b'<a href="http://x.test/">x</a>', [b"http://x.test/"]),
        (b"<A\nHREF = 'http://x.test/'>x</A>", [b"http://x.test/"]),
        (b"<a href=http://x.test/a/>x</a>", [b"http://x.test/a/"]),
        (b'<area href="http://x.test/" /><base href="http://no.test/">', [b"http://x.test/"]),
        (b'<a href="http://x.test/" href="http://no.test/">', [b"http://x.test/"]),
        (b'<a data-href="http://no.test/" title="href=http://no.test">x</a>', []),
        (b"<img alt=\"<a href='http://no.test'>\"><abbr href=http://no.test>", []),
        (b'<!-- <a href="http://no.test"> --><a href="http://x.test">', [b"http://x.test"]),
        (b'<!--[if mso]><a href="http://x.test"><![endif]--><!--[if !mso]><!--><a href=http://y.test><!--<![endif]-->',
         [b"http://x.test", b"http://y.test"]),
        (b'<!--[if mso]><v:roundrect href="http://x.test" arcsize="9%"><![endif]-->', [b"http://x.test"]),
        (b'<style>a > b { } /* <a href="http://no.test"> */</style><title><a href=http://no.test></title>', []),
        (b'<svg><a xlink:href="#a" href="http://x.test"><path d="M0 0"/></a></svg>', [b"http://x.test"]),
        (b'<a href="http://no.test>never closed', []),
        (b'1 < 2 <3 <a href="http://x.test">', [b"http://x.test"]),
        (b"<a href>x</a><a href=>y</a>", []),
    ],
)  # fmt: skip
def test_links_are_those_that_a_reader_can_follow(html, found):
    assert hrefs(html) == found


@pytest.mark.parametrize(
    ("html", "rest"),
    [
        (b"<html><body>x</body></html>", b"</body></html>"),
        (b"<BODY>x</BODY >\n", b"</BODY >\n"),
        (b"<html>x</html>", b"</html>"),
        (b"<p>x", b""),
        (b"<!-- </body> --><p>x</p>", b""),
        (b"<p>x</p><!-- cut off", b"<!-- cut off"),
        (b'<p>x<a href="cut off', b'<a href="cut off'),
        (b"<body>x</body><style>cut off</body>", b"</body><style>cut off</body>"),
    ],
)
def test_the_end_is_before_what_a_browser_does_not_show(html, rest):
    assert html[read_html(html).end :] == rest
    assert html[read_html(html, ends_alone=True).end :] == rest


@pytest.mark.parametrize(
    ("written", "target"),
    [
        (b"https://x.test/?a=1&amp;b=2", b"https://x.test/?a=1&b=2"),
        (b"https://x.test/?a=1&copy=2&reg;&lt", b"https://x.test/?a=1&copy=2%C2%AE<"),
        (b"https://x.test/?a&#61;1&#x26;b&unknown;&ampx=1", b"https://x.test/?a=1&b&unknown;&ampx=1"),
        (b" \n https://x.test/a\n\tb ", b"https://x.test/ab"),
        (b"HTTPS://X.test/%7e%C3%BC?q=%20+#top", b"HTTPS://X.test/%7e%C3%BC?q=%20+#top"),
        ("https://x.test/grüße welt".encode(), b"https://x.test/gr%C3%BC%C3%9Fe%20welt"),
        ("https://grüße.test/".encode(), None),
        (b"https://x.test/\xff", None),
        (b"mailto:a@x.test", None), (b"tel:+49", None), (b"#top", None), (b"cid:1@x", None), (b"/a", None),
        (b"//x.test/", None), (b"https://", None), (b"javascript:alert(1)", None), (b"https://x.test/\0", None),
        (b"https://x.test/?u=__unsubscribe_url__", None), (b"https://t.platform.test/t/c/abc", None),
        (b"https://x.test/" + b"a" * 9_000, None),
    ],
)  # fmt: skip
def test_the_target_is_what_a_browser_follows(written, target):
    assert target_of_attribute(written, "utf-8", OWN) == target


def test_the_author_says_what_is_not_tracked_and_unsubscribing_never_is():
    html = (
        b'<a data-mt-no-track href="http://x.test/1">x</a><a href="http://x.test/2">x</a>'
        b'<a href="http://x.test/opt-out">x</a><a href="http://x.test/3">Newsletter <b>abmelden</b></a>'
    )
    assert [link.is_left_alone for link in read_html(html).links] == [True, False, True, True]
    assert read_html(html).unsubscribes


TOKENS = st.sampled_from(
    ["x", "<p>", "</p>", "<a ", "<a href=", '"', "'", ">", "<", "/", " ", "=", "http://x.test/?a=1&b=2", "&amp;",
     "&copy", "<!--", "-->", "--", "<!", "<?", "</", "</a>", "<b>", "<img alt=", "href", "\n", "<div/>", "é", "<!x>"]
)  # fmt: skip


@given(st.binary(max_size=300) | st.lists(TOKENS, max_size=60).map(lambda tokens: "".join(tokens).encode()))
def test_any_octets_are_read_and_every_link_stands_where_it_says(html):
    found = read_html(html)
    assert 0 <= found.end <= len(html)
    for link in found.links:
        assert html[link.start : link.end] == link.value
        assert html[link.attribute :][:4].lower() == b"href"


@pytest.mark.parametrize(
    "piece", ['<a x="', "<!--", "<a ", "<", "<style>", "<!--[if", "</body", "<a = ", '<a href="x">']
)
def test_a_mail_that_means_harm_is_read_in_time_that_follows_its_length(piece):
    read_html(piece.encode() * (400_000 // len(piece)))
