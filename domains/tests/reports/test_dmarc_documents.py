"""Aggregate reports in the shapes that receivers send, and documents that are none."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.reports.dmarc_xml import (
    MOST_SOURCES,
    AggregateReport,
    AuthResult,
    Override,
    PublishedPolicy,
    ReportedSource,
    parse_dmarc,
)
from domains.reports.refusal import Reason, ReportRefused
from domains.tests.reports.mails import aggregate, row, sample

DAY = datetime(2026, 11, 26, tzinfo=UTC)


def reason(data: bytes) -> Reason:
    with pytest.raises(ReportRefused) as caught:
        parse_dmarc(data)
    return caught.value.reason


def test_googles_report_is_read_whole() -> None:
    assert parse_dmarc(sample("google.xml")) == AggregateReport(
        organization="google.com",
        report_id="9391651994964116463",
        begins_at=DAY,
        ends_at=datetime(2026, 11, 26, 23, 59, 59, tzinfo=UTC),
        policy=PublishedPolicy("example.test", "none", "none", "100", "r", "r"),
        sources=(
            ReportedSource(
                "192.0.2.10",
                1204,
                "none",
                True,
                True,
                "example.test",
                dkim=(AuthResult("example.test", "pass", "mt1"), AuthResult("platform.test", "pass", "s1")),
                spf=(AuthResult("mt07.example.test", "pass"),),
            ),
            ReportedSource(
                "2001:db8::25",
                7,
                "none",
                False,
                False,
                "example.test",
                spf=(AuthResult("list.far.test", "none"),),
                reasons=(Override("local_policy", "arc=pass"),),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("name", "organization", "policy", "emails", "first"),
    [
        ("yahoo.xml", "Yahoo", "quarantine", 1, ("192.0.2.10", "quarantine", False, False)),
        ("outlook.xml", "Outlook.com", "none", 52, ("192.0.2.11", "none", True, False)),
        ("mailru.xml", "Mail.Ru", "none", 3, ("192.0.2.10", "none", True, True)),
        ("fastmail.xml", "Fastmail Pty Ltd", "reject", 2, ("198.51.100.7", "reject", False, False)),
        ("comcast.xml", "comcast.net", "none", 11, ("203.0.113.9", "none", True, False)),
        ("dmarcbis.xml", "Sample Reporter", "quarantine", 123, ("192.0.2.123", "none", True, False)),
    ],
)
def test_each_receivers_way_of_writing_it_is_read(
    name: str, organization: str, policy: str, emails: int, first: tuple[str, str, bool, bool]
) -> None:
    report = parse_dmarc(sample(name))
    source = report.sources[0]
    assert (report.organization, report.policy.p) == (organization, policy)
    assert (report.policy.domain, report.begins_at) == ("example.test", DAY)
    assert sum(one.emails for one in report.sources) == emails
    assert (source.address, source.disposition, source.dkim_aligned, source.spf_aligned) == first
    assert source.header_from.endswith("example.test")


def test_several_reasons_and_a_missing_selector_are_kept_as_they_are() -> None:
    source = parse_dmarc(sample("comcast.xml")).sources[0]
    assert source.reasons == (
        Override("mailing_list"),
        Override("forwarded", "looks forwarded, downgrade to none"),
    )
    assert source.dkim == (AuthResult("example.test", "pass"),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<feedback>", b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="x">\n<feedback>'),
        (b"<selector>s1</selector>", b"<selector>s\x91\xff</selector>"),
        (b' encoding="UTF-8" ', b""),
        (b"UTF-8", b"utf-8"),
        (b'<?xml version="1.0" encoding="UTF-8" ?>\n', b""),
        (b"arc=pass", b"&lt;a@b.test&gt; \xc3\xbc"),
        (b"\n", b"\r\n"),
    ],
)
def test_mistakes_that_receivers_make_do_no_harm(old: bytes, new: bytes) -> None:
    whole = sample("google.xml")
    assert old in whole
    report = parse_dmarc(whole.replace(old, new))
    assert [source.emails for source in report.sources] == [1204, 7]
    assert report.policy == parse_dmarc(whole).policy


def test_a_schema_that_is_closed_and_utf_16_are_read() -> None:
    text = sample("google.xml").decode()
    wrapped = text.replace("<feedback>", "<xs:schema a='b'><feedback>") + "</xs:schema>"
    assert len(parse_dmarc(wrapped.encode()).sources) == 2
    assert len(parse_dmarc(text.replace("UTF-8", "UTF-16").encode("utf-16")).sources) == 2


def changed(old: str, new: str) -> bytes:
    text = aggregate(row()).decode()
    assert old in text
    return text.replace(old, new).encode()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('<?xml version="1.0"?>', '<!DOCTYPE feedback SYSTEM "http://127.0.0.1/x.dtd">', Reason.UNSAFE),
        ('<?xml version="1.0"?>', '<!DOCTYPE f [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>', Reason.UNSAFE),
        ('<?xml version="1.0"?>', '<?xml version="1.0" encoding="klingon"?>', Reason.DAMAGED),
        ("</feedback>", "", Reason.DAMAGED),
        ("<p>none</p>", "<p>&none;</p>", Reason.DAMAGED),
        ("feedback>", "feed>", Reason.OTHER_DOCUMENT),
        ("report_metadata>", "metadata>", Reason.OTHER_DOCUMENT),
        ("policy_published>", "policy>", Reason.OTHER_DOCUMENT),
        ("<domain>example.test</domain>", "<domain></domain>", Reason.DOMAIN),
        ("<domain>example.test</domain>", "<domain>a b</domain>", Reason.DOMAIN),
        ("<domain>example.test</domain>", f"<domain>{'x' * 300}</domain>", Reason.DOMAIN),
        ("<domain>example.test</domain>", f"<domain>{'ü' * 1_000_000}</domain>", Reason.DOMAIN),
        ("<count>1</count>", "<count>-1</count>", Reason.COUNT),
        ("<count>1</count>", "<count>1e9</count>", Reason.COUNT),
        ("<count>1</count>", f"<count>{10**15}</count>", Reason.COUNT),
        ("<count>1</count>", f"<count>{'9' * 5000}</count>", Reason.COUNT),
        ("<count>1</count>", "", Reason.COUNT),
        ("<source_ip>192.0.2.10", "<source_ip>192.0.2.300", Reason.ADDRESS),
        ("<source_ip>192.0.2.10", "<source_ip>mail.example.test", Reason.ADDRESS),
        ("<begin>", "<begin>9", Reason.DATES),
        ("<begin>", "<begin>-", Reason.DATES),
        ("<end>", "<end>x", Reason.DATES),
        ("<end>", "<end>99999999999999999999", Reason.DATES),
        ("<begin>", "<begin>nan", Reason.DATES),
        ("<p>none</p>", "<a>" * 12 + "</a>" * 12, Reason.TOO_LARGE),
        ("<p>none</p>", "<a/>" * 3000, Reason.TOO_LARGE),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, expected: Reason) -> None:
    assert reason(changed(old, new)) is expected


def test_the_number_of_records_is_bounded() -> None:
    assert reason(aggregate(*[row()] * (MOST_SOURCES + 1))) is Reason.TOO_LARGE
    assert len(parse_dmarc(aggregate(*[row()] * 3_000)).sources) == 3_000


def test_what_explains_may_be_missing() -> None:
    bare = changed("<identifiers><header_from>example.test</header_from></identifiers>", "")
    bare = bare.replace(b"<org_name>google.com</org_name>", b"<email>x@mail.far.test</email>")
    bare = bare.replace(b"<report_id>1</report_id>", b"").replace(b"<disposition>none</disposition>", b"")
    report = parse_dmarc(bare)
    assert report.organization == "mail.far.test"
    assert report.report_id.startswith("example.test!")
    assert (report.sources[0].header_from, report.sources[0].disposition) == ("", "none")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_octets_are_a_report_or_refused(data: bytes) -> None:
    with pytest.raises(ReportRefused):
        parse_dmarc(data)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 1500),
    st.integers(0, 40),
    st.binary(max_size=20) | st.sampled_from([b"<", b"&", b"]]>", b"\0", b"\xff\xfe", b"<!DOCTYPE a>"]),
)
def test_a_report_with_a_hole_in_it_is_a_report_or_refused(at: int, length: int, put: bytes) -> None:
    whole = sample("google.xml")
    try:
        report = parse_dmarc(whole[:at] + put + whole[at + length :])
    except ReportRefused:
        return
    assert all(source.emails >= 0 for source in report.sources)
    assert report.policy.domain
