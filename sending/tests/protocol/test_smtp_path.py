"""Paths of MAIL and RCPT: quoting, literals, source routes, limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.smtp_path import NULL_PATH, Path, PathError, parse_address, parse_path


def parse(text):
    return parse_path(text, allow_null=True, allow_postmaster=True, allow_literal=True)


@pytest.mark.parametrize(
    ("text", "local", "domain", "address"),
    [
        ("<ann@example.test>", "ann", "example.test", "ann@example.test"),
        ("<a.b+c=d@Example.TEST>", "a.b+c=d", "Example.TEST", "a.b+c=d@Example.TEST"),
        ('<"ann smith"@example.test>', "ann smith", "example.test", '"ann smith"@example.test'),
        ('<"ann"@example.test>', "ann", "example.test", "ann@example.test"),
        (r'<"a\"b\\c"@example.test>', r'a"b\c', "example.test", r'"a\"b\\c"@example.test'),
        ('<"a@b>c"@example.test>', "a@b>c", "example.test", '"a@b>c"@example.test'),
        ("<@relay.test,@two.test:ann@example.test>", "ann", "example.test", "ann@example.test"),
        ("<ann@[192.0.2.1]>", "ann", "[192.0.2.1]", "ann@[192.0.2.1]"),
        ("<ann@[IPv6:2001:DB8::1]>", "ann", "[IPv6:2001:db8::1]", "ann@[IPv6:2001:db8::1]"),
        ("<用户@例子.test>", "用户", "例子.test", "用户@例子.test"),
        ("<Postmaster>", "Postmaster", "", "Postmaster"),
        ("<>", "", "", ""),
    ],
)
def test_a_path_is_read_and_written_back(text, local, domain, address):
    path, rest = parse(text + " SIZE=1")
    assert (path.local_part, path.domain, path.address, rest) == (local, domain, address, " SIZE=1")


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.test", "<ann@example.test", "<ann>", "<@example.test>", "<ann@>", "<.ann@example.test>",
        "<ann.@example.test>", "<a..b@example.test>", "<a b@example.test>", '<"a@example.test>', '<""@example.test>',
        "<ann@-x.test>", "<ann@x-.test>", "<ann@a..test>", "<ann@example.test.>", "<ann@exa_mple.test>",
        "<ann@[300.0.0.1]>", "<ann@[IPv6:zz]>", "<ann@[x]>", "<ann@" + "a" * 64 + ".test>",
        "<ann@" + "a." * 127 + "test>", "<" + "a" * 320 + "@example.test>", "<a\x00b@example.test>",
        "<a\r\nb@example.test>", "<a\u2028b@example.test>", "<a\ud800@example.test>", "< ann@example.test>",
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused(text):
    with pytest.raises(PathError):
        parse(text)


def test_the_caller_decides_on_null_postmaster_and_literals():
    for text in ("<>", "<postmaster>", "<a@[192.0.2.1]>"):
        with pytest.raises(PathError):
            parse_path(text, allow_null=False, allow_postmaster=False, allow_literal=False)
    assert NULL_PATH.is_null
    assert not Path("postmaster", "").is_null


@pytest.mark.parametrize("address", ["a@b.test> SIZE=1", "a@b.test\r\nRCPT TO:<x@y.test>", "@r.test:a@b.test", "", "a"])
def test_only_one_plain_address_may_be_sent(address):
    with pytest.raises(PathError):
        parse_address(address)


@given(st.text(max_size=80) | st.text(alphabet='<>@[]",.\\: ab-', max_size=40).map(lambda text: f"<{text}>"))
def test_any_text_is_a_path_that_survives_its_own_wire_form_or_an_error(text):
    try:
        path, _ = parse(text)
    except PathError:
        return
    assert parse(f"<{path.address}>") == (path, "")
