"""From, To and Reply-To: we see the authors that every receiver sees, or refuse the header."""

from email.headerregistry import HeaderRegistry
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.address import AddressError, AddressReason, parse_mailboxes


def read(value: str) -> list[tuple[str, str]]:
    return [(mailbox.name, str(mailbox.address)) for mailbox in parse_mailboxes(value)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.test", [("", "a@b.test")]),
        ("<a@b.test>", [("", "a@b.test")]),
        (" < a@b.test > ", [("", "a@b.test")]),
        ("Alice <a@b.test>", [("Alice", "a@b.test")]),
        ("John Q. Public <j@b.test>", [("John Q. Public", "j@b.test")]),
        ('"Public, John" <j@b.test>', [("Public, John", "j@b.test")]),
        (r'"The \"Boss\"" <j@b.test>', [('The "Boss"', "j@b.test")]),
        ('"a@b.test" <a@b.test>', [("a@b.test", "a@b.test")]),
        ("Alice\r\n <a@b.test>", [("Alice", "a@b.test")]),
        ("Alice <a@b.test>,\r\n\tBob <b@b.test>", [("Alice", "a@b.test"), ("Bob", "b@b.test")]),
        ("a@b.test, <c@d.test>", [("", "a@b.test"), ("", "c@d.test")]),
        ("Alice (on leave) <a@b.test> (really)", [("Alice", "a@b.test")]),
        ("a@b.test (Alice (nested) \\))", [("", "a@b.test")]),
        ("Team: a@b.test, Bob <b@b.test>; , c@b.test", [("", "a@b.test"), ("Bob", "b@b.test"), ("", "c@b.test")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?J=C3=B6rg?= <j@b.test>", [("Jörg", "j@b.test")]),
        ("=?utf-8?b?SsO2cmc=?= =?UTF-8*de?Q?_M=C3=BCller?= <j@b.test>", [("Jörg Müller", "j@b.test")]),
        ("=?iso-8859-1?q?M=FCller=2C_Hans?= <j@b.test>", [("Müller, Hans", "j@b.test")]),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@b.test>', [("Jörg", "j@b.test")]),
        ("Jörg <jörg@bücher.test>", [("Jörg", "jörg@bücher.test")]),
        ('"quoted local"@b.test', [("", '"quoted local"@b.test')]),
    ],
)
def test_what_is_plain_is_read(value, expected):
    assert read(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        ",",
        "a@b.test,",
        ",a@b.test",
        "a@b.test,,c@d.test",
        "Alice",
        "Alice <>",
        "a@b.test <c@d.test>",
        "a@b.test c@d.test",
        "<a@b.test> <c@d.test>",
        "<a@b.test>c@d.test",
        "<a@b.test> c@d.test",
        "<<a@b.test>>",
        ".<a@b.test>",
        " .Alice <a@b.test>",
        "Alice <a@b.test",
        "Alice a@b.test>",
        "<a@b.test, c@d.test>",
        "<@relay.test:a@b.test>",
        "<@relay.test,@two.test:a@b.test>",
        "a @b.test",
        "a@ b.test",
        "a(comment)@b.test",
        "a@b(.evil)test",
        "a@b.test(c@d.test)",
        "a@b.test (<c@d.test>)",
        "a@b.test (unclosed",
        "a@b.test )",
        '"unclosed <a@b.test>',
        '"<c@d.test>" <a@b.test>',
        '"x" a@b.test',
        "a@b@d.test",
        "Team: a@b.test",
        "Team: a@b.test; b@b.test",
        "Team: Other: a@b.test;;",
        "Team: a@b.test,;",
        "c@d.test: a@b.test;",
        "; a@b.test",
        "a@[127.0.0.1]",
        "a\\@b.test <c@d.test>",
        "Alice\r\nBcc: <a@b.test>",
        "Alice\n <a@b.test>",
        "Alice\r <a@b.test>",
        "a@b.test\0 <c@d.test>",
        "=?utf-8?q?a=40b.test=2C?= <c@d.test>",
        "=?utf-8?q?a=40b.test?= <c@d.test>",
        "=?utf-8?b?PGFAYi50ZXN0Pg==?= <c@d.test>",
        "=?utf-8?q?=3Ca?= <c@d.test>",
        '"=?utf-8?q?a=40b.test?=" <c@d.test>',
        "=?utf-8?q?a b?= =?utf-7?q?+AEA-?= <c@d.test>",
        "=?utf-7?q?+AEA-b.test?= <c@d.test>",
        "=?utf-7?q?+AE?= =?utf-7?q?A-?= <c@d.test>",
        "=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3D40b=3F=3D?= <c@d.test>",
        "=?x-unknown?q?abc?= <c@d.test>",
        "=?utf-8?x?abc?= <c@d.test>",
        "=?utf-8?q?a=0D=0AFrom:_x?= <c@d.test>",
        "=?utf-8?q?a=00?= <c@d.test>",
        "=?utf-8?q?unfinished <c@d.test>",
        "=?utf-8?q?a=40b.test?=@d.test",
        "a@b.test (=?utf-8?q?=3Cc=40d.test=3E?=)",
        "Jörg \udce4 <c@d.test>",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(value):
    with pytest.raises(AddressError):
        parse_mailboxes(value)


def test_the_reason_of_a_bad_address_inside_a_good_header_is_kept():
    with pytest.raises(AddressError) as refused:
        parse_mailboxes("Alice <a..b@c.test>")
    assert refused.value.reason is AddressReason.LOCAL_PART_CHARACTERS


def test_hostile_lengths_are_answered_at_once():
    for value in ["(" * 50_000, '"' * 50_001, "=?" * 50_000, "a:" * 50_000, "=?a?q?" * 20_000, "<" * 50_000]:
        with pytest.raises(AddressError):
            parse_mailboxes(value + " <a@b.test>")
    assert len(parse_mailboxes(", ".join(["A B <a@b.test>"] * 5_000))) == 5_000


PIECES = (
    'a@b.test|c@d.test|<c@d.test>|<a@b.test>|, |,| |Alice|"Al, ice"|"|(x)|(|)|:|;|<|>|@|\\|\r\n |.|é'
    "|=?utf-8?q?J=C3=B6rg?=|=?utf-8?q?a=40b.test?="
)
pieces = st.sampled_from(PIECES.split("|"))


@given(st.lists(pieces, max_size=8).map("".join))
def test_the_parser_of_the_standard_library_sees_the_same_authors(value):
    try:
        ours = [str(mailbox.address) for mailbox in parse_mailboxes(value)]
    except AddressError:
        return
    try:
        theirs: Any = HeaderRegistry()("From", value.replace("\r\n", ""))
    except AttributeError:
        # It falls over some phrases, such as `é.`, before it has an opinion.
        return
    assert [f"{address.username}@{address.domain}" for address in theirs.addresses] == ours
