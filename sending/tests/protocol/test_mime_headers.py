"""Header text: what is encoded decodes to the same, what is folded unfolds to the same octets."""

import re
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.testing.growth import LINEAR, growth
from sending.protocol.mime_headers import HeaderError, decode_words, encode_words, fold, parameter, text_field

line = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200)
plain = st.text(alphabet="ab=?_,;: \t", min_size=1, max_size=300).map(lambda text: f"x{text}x")


@given(line, st.integers(0, 60))
def test_encoded_words_decode_to_the_same_for_us_and_for_others(text, used):
    encoded = encode_words(text, used=used)
    assert decode_words(encoded) == text
    assert str(make_header(decode_header(encoded))) == text
    assert re.fullmatch(r"[!-~]+(\r\n [!-~]+)*", encoded)
    first, *others = encoded.split("\r\n")
    assert used + len(first) <= max(76, used + 40)
    assert all(len(other) <= 76 for other in others)


@given(plain)
def test_folding_is_undone_by_unfolding(text):
    folded = fold("X", f"X: {text}")
    assert folded.endswith("\r\n")
    assert folded[:-2].replace("\r\n", "") == f"X: {text}"
    assert all(one.strip() for one in folded[:-2].split("\r\n"))
    assert all(one[0] in " \t" for one in folded[:-2].split("\r\n")[1:])


@given(line)
def test_file_names_are_quoted_or_percent_encoded(text):
    written = parameter("filename", text)
    assert written.isascii()
    assert all(len(one) <= 76 for one in written.split("\r\n")) or text.isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?J=C3?= =?utf-8?q?=B6rg?=", "Jörg"),
        ("=?utf-8?b?SsO2cmc?=", "Jörg"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?x-unknown?q?b?=", "=?x-unknown?q?b?="),
        ("=?zip?q?b?= =?punycode?q?b?=", "=?zip?q?b?= =?punycode?q?b?="),
        ("=?utf-8?b?!?=", "=?utf-8?b?!?="),
        ("=?utf-8?q?=FF?=", "\ufffd"),
    ],
)
def test_words_are_decoded_for_reading_or_left_alone(text, expected):
    assert decode_words(text) == expected


def test_a_literal_that_looks_encoded_is_protected_only_where_asked():
    assert text_field("X-A", "=?utf-8?q?b?=") == "X-A: =?utf-8?q?b?=\r\n"
    assert decode_words(text_field("Subject", "=?utf-8?q?b?=", literal=True)[9:-2]) == "=?utf-8?q?b?="


def test_the_culprit_is_named():
    with pytest.raises(HeaderError) as refused:
        text_field("Subject", "a\r\nb")
    assert refused.value.field == "Subject"


def test_a_subject_of_many_long_words_takes_time_in_proportion_to_its_length():
    assert growth(lambda words: text_field("Subject", ("x" * 899 + " ") * words, literal=True), 1_100) < LINEAR


def test_a_long_file_name_takes_time_in_proportion_to_its_length():
    written = parameter("filename", "é" * 100_000)
    assert re.sub(r"(;\r\n )?filename\*\d+\*=(utf-8'')?", "", written) == "%C3%A9" * 100_000
    assert growth(lambda letters: parameter("filename", "é" * letters), 200_000) < LINEAR
