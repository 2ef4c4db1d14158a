"""Which mails carry reports, in how many wrappings, and that none of them can fill the memory."""

import gzip
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.reports.container import MOST_DOCUMENTS, MOST_MAIL_OCTETS, MOST_OCTETS, Document, Kind, documents
from domains.reports.refusal import Reason, ReportRefused
from domains.tests.reports.mails import attached, bare, gzipped_mail, sample, several, zipped

XML = sample("google.xml")
TLS = sample("google-tls.json")
NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(500))


def reason(mail: bytes) -> Reason:
    with pytest.raises(ReportRefused) as caught:
        documents(mail)
    return caught.value.reason


@pytest.mark.parametrize(
    "mail",
    [
        gzipped_mail(XML),
        bare(zipped(("google.com!example.test.xml", XML)), "application/zip"),
        attached(gzip.compress(XML), "application/octet-stream", "report"),
        attached(gzip.compress(XML), "application/x-gzip", "report.xml.gz"),
        attached(zipped(("report.xml", XML)), "application/x-zip-compressed", "report.zip"),
        attached(zipped(("report.xml", XML), ("__MACOSX/._report.xml", b"x")), "application/gzip", "wrong.gz"),
        attached(gzip.compress(XML), "application/zip", "wrongly-named.zip"),
        attached(XML, "text/xml", "report.xml"),
        attached(XML, "application/unheard-of", "REPORT.XML"),
        attached(b"\xef\xbb\xbf\r\n" + XML, "application/xml", "report.xml"),
        attached(gzip.compress(XML[:700]) + gzip.compress(XML[700:]), "application/gzip", "in-two-members.gz"),
        attached(gzip.compress(XML) + b"\0\0", "application/gzip", "padded.gz"),
        b"Subject: Fwd\nContent-Type: message/rfc822\n\n" + gzipped_mail(XML),
    ],
    ids=range(13),
)
def test_an_aggregate_report_is_found_in_every_wrapping(mail: bytes) -> None:
    [found] = documents(mail)
    assert found.kind is Kind.XML
    assert found.data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").strip() == XML.strip()


@pytest.mark.parametrize(
    ("data", "content_type"),
    [(gzip.compress(TLS), "application/tlsrpt+gzip"), (TLS, "application/tlsrpt+json"), (TLS, "application/json")],
    ids=["packed", "by its type", "as any JSON"],
)
def test_a_tls_report_is_told_by_its_content(data: bytes, content_type: str) -> None:
    assert documents(attached(data, content_type, "report")) == [Document(Kind.JSON, TLS)]


def test_several_reports_in_one_mail_are_several_up_to_a_bound() -> None:
    assert len(documents(several([XML, TLS]))) == 2
    assert len(documents(bare(zipped(("a.xml", XML), ("b.xml", XML)), "application/zip"))) == 2
    assert len(documents(several([TLS] * 15))) == MOST_DOCUMENTS
    large = b"<" + Random(1).randbytes(MOST_OCTETS // 6).hex().encode()
    assert reason(several([large] * 4)) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (b"Subject: Is this address read?\r\n\r\nHello\r\n", Reason.NO_REPORT),
        (b"", Reason.NO_REPORT),
        (attached(b"%PDF-1.7", "application/octet-stream", "invoice.pdf"), Reason.OTHER_DOCUMENT),
        (attached(b"", "application/gzip", "empty.gz"), Reason.NO_REPORT),
        (attached(gzip.compress(gzip.compress(XML)), "application/gzip", "twice.gz"), Reason.OTHER_DOCUMENT),
        (attached(zipped(("inner.zip", zipped(("a.xml", XML)))), "application/zip", "a.zip"), Reason.OTHER_DOCUMENT),
        (attached(gzip.compress(XML)[:-20], "application/gzip", "cut.gz"), Reason.DAMAGED),
        (attached(b"\x1f\x8b" + b"x" * 50, "application/gzip", "no.gz"), Reason.DAMAGED),
        (attached(zipped(("a.xml", XML))[:-30], "application/zip", "cut.zip"), Reason.DAMAGED),
        (attached(b"<feedback>" + b" " * (MOST_MAIL_OCTETS), "text/xml", "long.xml"), Reason.TOO_LARGE),
        (b"Subject: x\r\n\r\n" + b"\r\n" * 300_000, Reason.TOO_LARGE),
        (NESTED, Reason.TOO_LARGE),
    ],
    ids=range(12),
)
def test_what_is_no_report_is_refused_with_its_reason(mail: bytes, expected: Reason) -> None:
    assert reason(mail) is expected


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("a.xml", data))], ids=["gzip", "zip"])
def test_bombs_are_defused_before_they_go_off(pack: Callable[[bytes], bytes]) -> None:
    assert reason(attached(pack(b"<" * (MOST_OCTETS // 2)), "application/gzip", "bomb")) is Reason.BOMB
    dense = b"<" + Random(1).randbytes(MOST_OCTETS // 2).hex().encode()
    assert reason(attached(pack(dense), "application/gzip", "dense")) is Reason.TOO_LARGE


def test_a_zip_that_lies_about_a_members_size_is_read_no_further_than_the_bound() -> None:
    whole = zipped(("a.xml", b"<" * 5_000_000))
    lying = whole.replace((5_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    assert lying != whole
    assert reason(attached(lying, "application/zip", "a.zip")) in (Reason.BOMB, Reason.DAMAGED)


def test_an_archive_with_a_password_is_damaged() -> None:
    whole = bytearray(zipped(("a.xml", XML)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(mark) + offset] |= 1
    assert reason(attached(bytes(whole), "application/zip", "a.zip")) is Reason.DAMAGED


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_any_mail_holds_documents_or_is_refused(mail: bytes) -> None:
    with pytest.raises(ReportRefused):
        documents(mail)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([gzip.compress(XML), zipped(("a.xml", XML)), zipped(("a.xml", XML), ("b.json", TLS))]),
    st.integers(0, 800),
    st.binary(min_size=1, max_size=4),
)
def test_an_archive_with_changed_octets_holds_documents_or_is_refused(packed: bytes, at: int, put: bytes) -> None:
    try:
        found = documents(attached(packed[:at] + put + packed[at + len(put) :], "application/zip", "a.zip"))
    except ReportRefused:
        return
    assert all(len(document.data) <= MOST_OCTETS for document in found)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 400), st.integers(0, 10), st.binary(max_size=10))
def test_a_mail_with_changed_headers_holds_documents_or_is_refused(at: int, length: int, put: bytes) -> None:
    mail = gzipped_mail(XML)
    try:
        documents(mail[:at] + put + mail[at + length :])
    except ReportRefused:
        return
