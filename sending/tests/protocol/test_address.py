"""One address: RFC 5321 limits, quoted local parts, internationalised addresses."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.address import AddressError, AddressReason, parse_address, to_ascii_domain

R = AddressReason


@pytest.mark.parametrize(
    ("text", "local", "ascii_domain", "needs_smtputf8"),
    [
        ("alice@example.test", "alice", "example.test", False),
        ("Alice.B+tag@EXAMPLE.Test", "Alice.B+tag", "example.test", False),
        ("!#$%&'*+-/=?^_`{|}~@example.test", "!#$%&'*+-/=?^_`{|}~", "example.test", False),
        ('"a b@c"@example.test', '"a b@c"', "example.test", False),
        (r'"a\"b"@example.test', r'"a\"b"', "example.test", False),
        ("alice@bücher.test", "alice", "xn--bcher-kva.test", False),
        ("alice@BÜCHER.test", "alice", "xn--bcher-kva.test", False),
        ("alice@bu\u0308cher.test", "alice", "xn--bcher-kva.test", False),
        ("jörg@bücher.test", "jörg", "xn--bcher-kva.test", True),
        ("用户@例子.测试", "用户", "xn--fsqu00a.xn--0zwm56d", True),
        ("अजय@डाटा.भारत", "अजय", "xn--c2bd1gb.xn--h2brj9c", True),
        ("a@xn--bcher-kva.test", "a", "xn--bcher-kva.test", False),
        ("a@1and1.test", "a", "1and1.test", False),
        ("x" * 64 + "@example.test", "x" * 64, "example.test", False),
    ],
)
def test_good_addresses_are_taken_apart(text, local, ascii_domain, needs_smtputf8):
    address = parse_address(text)
    assert (address.local, address.ascii_domain, address.needs_smtputf8) == (local, ascii_domain, needs_smtputf8)
    assert str(address) == text
    assert address.wire == f"{local}@{ascii_domain}"
    assert parse_address(address.wire).ascii_domain == ascii_domain


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", R.NO_AT_SIGN),
        ("alice", R.NO_AT_SIGN),
        ("@example.test", R.EMPTY_LOCAL_PART),
        ("alice@", R.EMPTY_DOMAIN),
        ("a@b@example.test", R.LOCAL_PART_CHARACTERS),
        (".a@example.test", R.LOCAL_PART_CHARACTERS),
        ("a.@example.test", R.LOCAL_PART_CHARACTERS),
        ("a..b@example.test", R.LOCAL_PART_CHARACTERS),
        ("a b@example.test", R.LOCAL_PART_CHARACTERS),
        (" a@example.test", R.LOCAL_PART_CHARACTERS),
        ("a@example.test ", R.DOMAIN_CHARACTERS),
        ("<a@example.test>", R.LOCAL_PART_CHARACTERS),
        ("a\r\nb@example.test", R.LOCAL_PART_CHARACTERS),
        ("a\0b@example.test", R.LOCAL_PART_CHARACTERS),
        ('"a"b@example.test', R.LOCAL_PART_CHARACTERS),
        ('""@example.test', R.LOCAL_PART_CHARACTERS),
        ('"a@example.test', R.LOCAL_PART_CHARACTERS),
        ('"a\nb"@example.test', R.LOCAL_PART_CHARACTERS),
        ("=?utf-8?q?a=40b.test?=@example.test", R.LOCAL_PART_CHARACTERS),
        ("a\u202eb@example.test", R.LOCAL_PART_CHARACTERS),
        ("a\u00a0b@example.test", R.LOCAL_PART_CHARACTERS),
        ("a\ud800@example.test", R.LOCAL_PART_CHARACTERS),
        ("x" * 65 + "@example.test", R.LOCAL_PART_TOO_LONG),
        ("ä" * 33 + "@example.test", R.LOCAL_PART_TOO_LONG),
        ("a@localhost", R.DOMAIN_NOT_QUALIFIED),
        ("a@127.0.0.1", R.DOMAIN_NOT_QUALIFIED),
        ("a@[127.0.0.1]", R.ADDRESS_LITERAL),
        ("a@[IPv6:::1]", R.ADDRESS_LITERAL),
        ("a@example..test", R.DOMAIN_CHARACTERS),
        ("a@example.test.", R.DOMAIN_CHARACTERS),
        ("a@-example.test", R.DOMAIN_CHARACTERS),
        ("a@exa_mple.test", R.DOMAIN_CHARACTERS),
        ("a@example.test\n", R.DOMAIN_CHARACTERS),
        ("a@exam\u00adple.test", R.DOMAIN_CHARACTERS),
        ("a@ｅｘａｍｐｌｅ.test", R.DOMAIN_CHARACTERS),
        ("a@example。test", R.DOMAIN_CHARACTERS),
        ("a@\ud800.test", R.DOMAIN_CHARACTERS),
        ("a@" + "x" * 64 + ".test", R.DOMAIN_TOO_LONG),
        ("a@" + "x." * 124 + "test.example", R.DOMAIN_TOO_LONG),
        ("a@" + "ü" * 60_000 + ".test", R.DOMAIN_TOO_LONG),
        ("a@" + "\u0e01\u0301" * 60 + ".test", R.DOMAIN_TOO_LONG),
        ("x" * 64 + "@" + ".".join(["y" * 62] * 3) + ".test", R.ADDRESS_TOO_LONG),
    ],
)
def test_bad_addresses_are_refused_with_a_reason(text, reason):
    with pytest.raises(AddressError) as refused:
        parse_address(text)
    assert refused.value.reason is reason
    assert refused.value.sentence


def test_case_and_quoting_do_not_make_another_mailbox():
    forms = ["Alice@Example.test", '"alice"@example.TEST', "ALICE@example.test"]
    assert {parse_address(form).comparable for form in forms} == {"alice@example.test"}


def test_a_domain_can_be_brought_to_ascii_alone():
    assert to_ascii_domain("Bücher.Test") == "xn--bcher-kva.test"


@given(st.emails())
def test_standard_addresses_are_understood(text):
    assert str(parse_address(text)) == text


@given(
    st.text(alphabet='ab.@"\\ <>,é☃\u202e\x00-_=?', max_size=20), st.sampled_from(["", "@example.test", "@bücher.test"])
)
def test_what_we_accept_another_validator_accepts_too(start, end):
    text = start + end
    try:
        address = parse_address(text)
    except AddressError:
        return
    try:
        other = validate_email(text, check_deliverability=False, allow_quoted_local=True, test_environment=True)
    except EmailNotValidError:
        # Stricter than the standard about symbols in local parts; the domain is what must agree.
        assert not address.local.isascii() or address.local.startswith('"')
        return
    assert other.ascii_domain == address.ascii_domain
