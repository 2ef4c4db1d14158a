"""TLS reports (RFC 8460) as Google and Microsoft send them, and documents that are none."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.reports.refusal import Reason, ReportRefused
from domains.reports.tls_json import TlsFailure, TlsPolicyResult, TlsReportDocument, parse_tls
from domains.tests.reports.mails import sample


def reason(data: bytes) -> Reason:
    with pytest.raises(ReportRefused) as caught:
        parse_tls(data)
    return caught.value.reason


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(sample("google-tls.json")) | changes).encode()


def policy(**changes: Any) -> list[dict[str, Any]]:
    return [json.loads(sample("google-tls.json"))["policies"][0] | changes]


def test_googles_report_is_read_whole() -> None:
    assert parse_tls(sample("google-tls.json")) == TlsReportDocument(
        "Google Inc.",
        "2026-11-26T00:00:00Z_example.test",
        datetime(2026, 11, 26, tzinfo=UTC),
        datetime(2026, 11, 26, 23, 59, 59, tzinfo=UTC),
        (
            TlsPolicyResult(
                "example.test",
                "sts",
                238,
                5,
                (
                    TlsFailure("certificate-expired", "mail.example.test", "209.85.220.41", 3),
                    TlsFailure("starttls-not-supported", "old.example.test", "209.85.220.41", 2),
                ),
            ),
        ),
    )


def test_policies_of_one_type_add_up_and_other_domains_stand_apart() -> None:
    assert parse_tls(sample("microsoft-tls.json")).results == (
        TlsPolicyResult("example.test", "tlsa", 20, 1, (TlsFailure("validation-failure", "192.0.2.25", "", 1),)),
        TlsPolicyResult("other.test", "no-policy-found", 4, 0),
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{", Reason.DAMAGED),
        (b"{}", Reason.OTHER_DOCUMENT),
        (b'{"a":' * 5_000, Reason.DAMAGED),
        (b"[]", Reason.OTHER_DOCUMENT),
        (sample("google-tls.json").replace(b"Google Inc.", b"\xff"), Reason.DAMAGED),
        (changed(policies={}), Reason.OTHER_DOCUMENT),
        (changed(policies=policy() * 300), Reason.TOO_LARGE),
        (changed(policies=policy(policy={"policy-type": "sts"})), Reason.DOMAIN),
        (changed(policies=policy(summary={"total-successful-session-count": -1})), Reason.COUNT),
        (changed(policies=policy(summary={"total-failure-session-count": 10**14})), Reason.COUNT),
        (changed(policies=policy(summary={"total-failure-session-count": "many"})), Reason.OTHER_DOCUMENT),
        (changed(**{"date-range": {"start-datetime": "yesterday", "end-datetime": "today"}}), Reason.DATES),
        (
            changed(**{"date-range": {"start-datetime": "2026-11-26T00:00:00Z", "end-datetime": "2026-11-25"}}),
            Reason.DATES,
        ),
        (
            changed(**{"date-range": {"start-datetime": "0001-01-01T00:00:00+14:00", "end-datetime": "2026-11-25"}}),
            Reason.DATES,
        ),
    ],
)
def test_what_is_wrong_is_named(data: bytes, expected: Reason) -> None:
    assert reason(data) is expected


def test_what_a_database_cannot_hold_is_left_out() -> None:
    report = parse_tls(changed(**{"organization-name": "G\0oogle\ud800", "report-id": ""}).replace(b"\\ud800", b""))
    assert report.organization == "Google"
    assert report.report_id == "1795651200!1795737599"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_octets_are_a_report_or_refused(data: bytes) -> None:
    with pytest.raises(ReportRefused):
        parse_tls(data)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 900), st.integers(0, 30), st.binary(max_size=20) | st.sampled_from([b"null", b"-9", b"{", b'"']))
def test_a_report_with_a_hole_in_it_is_a_report_or_refused(at: int, length: int, put: bytes) -> None:
    whole = sample("google-tls.json")
    try:
        report = parse_tls(whole[:at] + put + whole[at + length :])
    except ReportRefused:
        return
    assert all(result.successes >= 0 and result.domain for result in report.results)
    assert "\0" not in report.organization + report.report_id
