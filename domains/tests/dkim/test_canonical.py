"""The relaxed forms against the examples and rules of RFC 6376 3.4."""

import re

from hypothesis import given
from hypothesis import strategies as st

from domains.dkim.canonical import relaxed_body, relaxed_header


def test_the_example_of_the_standard():
    assert relaxed_header(b"A", b" X\r\n") == b"a:X"
    assert relaxed_header(b"B ", b" Y\t\r\n\tZ  \r\n") == b"b:Y Z"
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"


def test_an_empty_body_stays_empty():
    for body in (b"", b"\r\n", b"\r\n\r\n", b" ", b" \t\r\n \r\n"):
        assert relaxed_body(body) == b""


def test_a_missing_line_end_is_added():
    assert relaxed_body(b"Hello") == b"Hello\r\n"
    assert relaxed_body(b"Hello\r\n\r\nthere \r\n ") == b"Hello\r\n\r\nthere\r\n"


def test_bare_line_ends_are_content():
    assert relaxed_body(b"a\r\n\r\r\n\r\n") == b"a\r\n\r\r\n"
    assert relaxed_body(b"a\r\n\n\r\n\r\n") == b"a\r\n\n\r\n"


def test_ten_megabytes_of_empty_lines_or_spaces_are_quick():
    assert relaxed_body(b"a" + b"\r\n" * 5_000_000) == b"a\r\n"
    assert relaxed_body(b" " * 10_000_000 + b"a") == b" a\r\n"


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"b c", b"="])).map(b"".join))
def test_the_body_is_what_the_plain_reading_of_the_rules_gives(body):
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    assert relaxed_body(body) == b"".join(line + b"\r\n" for line in lines)
    assert relaxed_body(relaxed_body(body)) == relaxed_body(body)
