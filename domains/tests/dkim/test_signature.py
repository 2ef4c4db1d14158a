"""What we sign verifies: with a verifier written on `cryptography` alone."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domains import dkim
from domains.tests.dkim.messages import AWKWARD, verifies

WHEN = 1_795_000_000


def signed(message: bytes, pair: dkim.KeyPair) -> bytes:
    key = dkim.load(pair.private_pem)
    field = dkim.sign(message, domain="example.test", selector="rwmt1", key=key, timestamp=WHEN)
    return field + message


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_messages_verify(name, pair):
    assert verifies(signed(AWKWARD[name], pair), pair.public_base64)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"Hello.", b"Hullo."),
        (b"Subject: Hello", b"Subject: Hullo"),
        (b"alice@", b"mallory@"),
        (b"Date: Sun", b"Date: Mon"),
    ],
)
def test_a_changed_message_does_not_verify(was, becomes, pair):
    message = signed(AWKWARD["plain"], pair)
    assert was in message
    assert not verifies(message.replace(was, becomes), pair.public_base64)


def test_a_second_from_breaks_the_signature(pair):
    message = signed(AWKWARD["plain"], pair)
    field, rest = message[: message.index(b"From: ")], message[message.index(b"From: ") :]
    assert not verifies(field + b"From: mallory@evil.test\r\n" + rest, pair.public_base64)
    assert not verifies(field + rest.replace(b"\r\n\r\n", b"\r\nFrom: mallory@evil.test\r\n\r\n"), pair.public_base64)


def test_white_space_that_relays_change_does_not_break_the_signature(pair):
    message = signed(AWKWARD["plain"], pair)
    relayed = message.replace(b"Subject: Hello", b"SUBJECT:   Hello  ").replace(b"Hello.\r\n", b"Hello. \t\r\n\r\n\r\n")
    assert verifies(relayed, pair.public_base64)


def test_the_field_is_folded_and_the_same_each_time(pair):
    field = signed(AWKWARD["all the fields"], pair).partition(b"From: ")[0]
    assert field == signed(AWKWARD["all the fields"], pair).partition(b"From: ")[0]
    assert field.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.test; s=rwmt1;\r\n")
    assert field.endswith(b"\r\n")
    lines = field.split(b"\r\n")[:-1]
    assert all(len(line) <= 78 for line in lines)
    assert all(line[:1] == b" " for line in lines[1:])


def test_what_must_not_be_added_is_listed_once_more_and_unknown_fields_are_left_alone(pair):
    listed = listed_in(signed(AWKWARD["all the fields"], pair))
    twice = {b"From", b"To", b"Subject", b"Date", b"List-Unsubscribe", b"List-Unsubscribe-Post"}
    assert {name for name in listed if listed.count(name) == 2} == twice
    assert len(listed) == len(set(listed)) + len(twice) == 21
    assert b"X-Other" not in listed


def test_a_list_may_add_how_to_unsubscribe_where_the_author_does_not_say(pair):
    listed = listed_in(signed(b"From: a@example.test\r\n\r\nHi\r\n", pair))
    assert listed == [b"From", b"From", b"To", b"Subject", b"Date"]


def listed_in(message):
    field = message.partition(b"b=\r\n")[0].partition(b"bh=")[0]
    return re.sub(rb"\s", b"", field).split(b"h=", 1)[1].split(b";")[0].split(b":")


def test_a_message_without_from_is_not_signed(pair):
    with pytest.raises(dkim.SigningError):
        signed(b"Subject: From: x\r\n\r\nFrom: y\r\n", pair)


def test_text_that_is_no_field_does_not_become_one(pair):
    with pytest.raises(dkim.SigningError):
        signed(b"Subject: Hello\r\nnonsense From: a@example.test\r\n\r\nHello.\r\n", pair)


white = st.text(alphabet=" \t", max_size=3)
word = st.text(alphabet="abcÄ=.:;", min_size=1, max_size=6)
value = st.lists(st.tuples(white, word, st.sampled_from(["", " ", "\t", "\r\n ", "\r\n\t"])), max_size=5).map(
    lambda pieces: "".join(space + text + after for space, text, after in pieces) + ("." if pieces else "")
)
names = st.sampled_from(["From", "To", "cc", "SUBJECT", "Date", "Message-ID", "References", "X-Any"])
bodies = st.lists(st.sampled_from(["Hello", " ", "\t", "  ", "\r\n", "\r\n\r\n", ".", "ä", "=20"]), max_size=14).map(
    "".join
)


@settings(max_examples=150, deadline=None)
@given(fields=st.lists(st.tuples(names, value), max_size=8), body=bodies)
def test_any_message_verifies(fields, body, pair):
    head = "".join(f"{name}:{text}\r\n" for name, text in [*fields, ("From", " a@example.test")])
    assert verifies(signed(f"{head}\r\n{body}".encode(), pair), pair.public_base64)
