"""The head of a raw message: found and added to without touching another octet."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.message_head import (
    Defect,
    complete_submission,
    defects,
    join,
    line_defects,
    parse_head,
    prepend,
    split,
)

HEAD = (
    b"Received: by x;\r\n\tnow\r\nFrom: Alice <a@b.test>\r\nto: one@b.test\r\nTO: two@b.test\r\n"
    b"Subject: one\r\n two\r\n  three \r\nDate: Sun, 22 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@b.test>\r\n"
)
GOOD = HEAD.replace(b"TO: two@b.test\r\n", b"") + b"\r\nHello.\r\n"
WHEN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_head_and_body_are_split_and_joined_again():
    assert split(HEAD + b"\r\nHello.\r\n\r\nBye.") == (HEAD, b"Hello.\r\n\r\nBye.")
    assert join(*split(HEAD + b"\r\nHello.")) == HEAD + b"\r\nHello."
    assert split(b"\r\nHello.") == (b"", b"Hello.")
    assert split(HEAD) == (HEAD, b"")
    assert split(b"From: a@b.test") == (b"From: a@b.test\r\n", b"")
    assert split(b"") == (b"", b"")


def test_fields_are_found_by_name_whatever_the_case():
    head = parse_head(HEAD)
    assert head.all("To") == ["one@b.test", "two@b.test"]
    assert head.first("SUBJECT") == "one two  three"
    assert head.first("received") == "by x;\tnow"
    assert head.first("Cc") is None
    assert head.all("Bcc") == []


def test_values_are_utf8_and_other_octets_do_not_break_them():
    head = parse_head("Subject: Grüße\r\n".encode() + b"X-Old: M\xfcller\r\n")
    assert head.first("Subject") == "Grüße"
    assert head.first("X-Old") == "M\udcfcller"


def test_fields_are_put_on_top():
    assert prepend(b"A: 1\r\n", b"B: 2\r\n", b"C: 3\r\n") == b"B: 2\r\nC: 3\r\nA: 1\r\n"


def test_a_sound_message_has_no_defects():
    assert defects(GOOD) == set()


@pytest.mark.parametrize(
    ("was", "becomes", "expected"),
    [
        (b"Hello.", b"Hel\rlo.", Defect.BARE_CR),
        (b"Hello.", b"Hello.\r", Defect.BARE_CR),
        (b"Hello.", b"Hel\nlo.", Defect.BARE_LF),
        (b"Hello.", b"Hel\0lo.", Defect.NUL),
        (b"Hello.", b"x" * 999, Defect.LONG_LINE),
        (b"Alice", "Jörg".encode(), Defect.EIGHT_BIT_HEAD),
        (b"From: Alice", b"From : Alice", Defect.MALFORMED_FIELD),
        (b"to: one", b"nonsense one", Defect.MALFORMED_FIELD),
        (b"Received: by x;\r\n", b"", Defect.MALFORMED_FIELD),
        (b"Received:", b">From someone\r\nReceived:", Defect.MALFORMED_FIELD),
        (b"From:", b"X-From:", Defect.NO_FROM),
        (b"to: one@b.test", b"fROM: one@b.test", Defect.SEVERAL_FROM),
        (b"to: one", b"Subject: again\r\nto: one", Defect.REPEATED_FIELD),
        (b"Date:", b"X-Date:", Defect.NO_DATE),
        (b"Message-ID:", b"X-Message-ID:", Defect.NO_MESSAGE_ID),
    ],
)
def test_each_defect_is_seen(was, becomes, expected):
    assert was in GOOD
    assert expected in defects(GOOD.replace(was, becomes, 1))


def test_an_author_behind_a_bare_line_feed_is_seen():
    found = defects(GOOD.replace(b"Subject: one", b"Subject: one\nFrom: m@evil.test"))
    assert {Defect.BARE_LF, Defect.SEVERAL_FROM} <= found


def test_998_octets_are_no_long_line_and_8_bit_bodies_are_no_defect():
    assert defects(GOOD.replace(b"Hello.", b"x" * 998)) == set()
    assert defects(GOOD.replace(b"Hello.", "Grüße".encode())) == set()


def test_submission_adds_what_is_missing_and_removes_what_must_not_leave():
    message = (
        b"Return-Path: <x@b.test>\r\nFrom: a@b.test\r\nBCC: secret@b.test,\r\n other@b.test\r\nX-MT-Category: news\r\n"
        b"x-mt-custom-variables: {}\r\nX-Mtx: stays\r\nSubject:  odd \t\r\n\r\nBcc: stays in the body\r\n"
    )
    assert complete_submission(message, date=WHEN, message_id="<1@b.test>") == (
        b"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@b.test>\r\nFrom: a@b.test\r\nX-Mtx: stays\r\n"
        b"Subject:  odd \t\r\n\r\nBcc: stays in the body\r\n"
    )


def test_submission_leaves_a_complete_message_alone():
    assert complete_submission(GOOD, date=WHEN, message_id="<2@b.test>") == GOOD


@given(
    st.lists(
        st.sampled_from([b"From: a@b.test\r\n", b"Bcc: c@b.test\r\n", b" fold\r\n", b"\r\n", b"a", b"\n", b"\r", b":"])
    )
)
def test_no_octet_is_lost_between_split_fields_and_join(pieces):
    message = b"".join(pieces)
    head, body = split(message)
    assert b"".join(field.raw for field in parse_head(head).fields) == head
    assert join(head, body).startswith(message)
    if line_defects(message):
        return
    once = complete_submission(message, date=WHEN, message_id="<1@b.test>")
    assert complete_submission(once, date=WHEN, message_id="<2@b.test>") == once
    assert split(once)[1] == body


LENGTHS = st.lists(st.sampled_from([0, 1, 2, 500, 996, 997, 998, 999, 1000, 2000]), min_size=1, max_size=8)


@given(lengths=LENGTHS)
def test_a_line_is_too_long_beyond_998_octets_wherever_it_stands(lengths):
    message = b"\r\n".join(b"x" * length for length in lengths)
    assert (Defect.LONG_LINE in line_defects(message)) is (max(lengths) > 998)
