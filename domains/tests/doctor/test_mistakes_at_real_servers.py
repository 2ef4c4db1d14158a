"""Each mistake that people make is named, with knot and nsd serving the zone and unbound resolving it."""

import time
from collections.abc import Iterator

import pytest
from django.test import override_settings

from domains.advice import AdviceCode, RecordStatus
from domains.doctor.examination import Examination, examine
from domains.records import RecordKey
from domains.tests.doctor.zones import NEGATIVE, PLATFORM, TTL, expected_of, world
from mailtrap_site.testing.dns_servers import NOBODY, NSD, dns_world
from mailtrap_site.testing.fake_dns import resolving_at

pytestmark = pytest.mark.outside("knotd", "nsd", "unbound")

WRONG_ANCHOR = "bogus.test. DS 12345 13 2 " + "ab" * 32


MISLED = {"lame.test": [NSD], "silent.test": [NOBODY]}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    directory = tmp_path_factory.mktemp("dns")
    with dns_world(world(), directory, anchors=[WRONG_ANCHOR], misled=MISLED) as port:
        yield port


@pytest.fixture(autouse=True)
def asked(port: int) -> Iterator[None]:
    with override_settings(PLATFORM_DOMAIN=PLATFORM), resolving_at(f"127.0.0.1:{port}"):
        yield


def seen(domain: str, key: RecordKey) -> tuple[str, str]:
    judgement = examine(domain, expected_of(domain)).conclusions[key].judgement
    return str(judgement.status), str(judgement.advice)


def codes(examination: Examination) -> list[str]:
    return [finding["code"] for finding in examination.findings]


@pytest.mark.parametrize("domain", ["good.test", "xn--bcher-kva.test", "signed.test", "huge.test"])
def test_records_that_stand_pass_whoever_serves_them(domain: str) -> None:
    examination = examine(domain, expected_of(domain))
    for key, conclusion in examination.conclusions.items():
        assert (key, conclusion.judgement.status, conclusion.judgement.advice) == (key, RecordStatus.PASSED, "")
    assert examination.findings == [{"code": "zone", "params": {"apex": domain}}]


def test_each_server_is_shown_with_its_answer_and_the_seconds_left() -> None:
    examination = examine("good.test", expected_of("good.test"))
    shown = examination.conclusions[RecordKey.VERIFICATION].seen
    assert [(one["server"], one["kind"]) for one in shown] == [
        ("ns1.test", "authoritative"),
        ("ns2.test", "authoritative"),
        ("127.0.0.1", "resolver"),
    ]
    assert {tuple(one["values"]) for one in shown} == {(f"smtp.{PLATFORM}",)}
    assert [one["ttl"] for one in shown[:2]] == [TTL, TTL]
    assert 0 < shown[2]["ttl"] <= TTL
    assert examination.name_servers == ["ns1.test", "ns2.test"]


V, D1, D2, P, L = RecordKey.VERIFICATION, RecordKey.DKIM1, RecordKey.DKIM2, RecordKey.DMARC, RecordKey.LINK


@pytest.mark.parametrize(
    ("domain", "key", "status", "advice"),
    [
        ("doubled.test", V, "fail", AdviceCode.NAME_DOUBLED),
        ("dotless.test", D2, "fail", AdviceCode.VALUE_DOUBLED),
        ("cut.test", V, "fail", AdviceCode.VALUE_CUT_SHORT),
        ("elsewhere-target.test", V, "fail", AdviceCode.OTHER_VALUE),
        ("proxied.test", V, "fail", AdviceCode.PROXIED),
        ("proxied.test", L, "fail", AdviceCode.PROXIED),
        ("address.test", V, "missing", AdviceCode.OTHER_TYPE),
        ("text.test", V, "missing", AdviceCode.OTHER_TYPE),
        ("terminal.test", V, "missing", AdviceCode.NOT_FOUND),
        ("wild.test", V, "fail", AdviceCode.WILDCARD),
        ("wild.test", D1, "fail", AdviceCode.WILDCARD),
        ("wild.test", P, "missing", AdviceCode.WILDCARD),
        ("wild-address.test", V, "missing", AdviceCode.WILDCARD),
        ("wild-text.test", P, "missing", AdviceCode.WILDCARD),
        ("chain.test", V, "pass", AdviceCode.CHAINED),
        ("dmarc-quoted.test", P, "fail", AdviceCode.VALUE_QUOTED),
        ("dmarc-curly.test", P, "fail", AdviceCode.VALUE_QUOTED),
        ("dmarc-several.test", P, "fail", AdviceCode.DMARC_SEVERAL),
        ("dmarc-policy.test", P, "fail", AdviceCode.DMARC_POLICY_UNKNOWN),
        ("dmarc-no-policy.test", P, "fail", AdviceCode.DMARC_POLICY_MISSING),
        ("dmarc-version.test", P, "fail", AdviceCode.DMARC_VERSION),
        ("dmarc-syntax.test", P, "fail", AdviceCode.DMARC_SYNTAX),
        ("dmarc-cut.test", P, "fail", AdviceCode.VALUE_CUT_SHORT),
        ("dmarc-order.test", P, "pass", AdviceCode.DMARC_ORDER),
        ("dmarc-tag.test", P, "pass", AdviceCode.DMARC_TAG),
        ("dmarc-strict.test", P, "pass", AdviceCode.DMARC_ASPF_STRICT),
        ("dmarc-reports.test", P, "pass", AdviceCode.DMARC_REPORTS_ELSEWHERE),
        ("dmarc-alias.test", P, "pass", AdviceCode.NONE),
        ("dmarc-dangling.test", P, "missing", AdviceCode.OTHER_TYPE),
        ("mail.parent.test", V, "fail", AdviceCode.ON_PARENT),
        ("mail.parent.test", D2, "fail", AdviceCode.ON_PARENT),
        ("mail.parent.test", P, "pass", AdviceCode.DMARC_INHERITED),
        ("mail.parent.test", L, "missing", AdviceCode.NOT_FOUND),
        ("split.test", D1, "pass", AdviceCode.NONE),
        ("split.test", D2, "pass", AdviceCode.NONE),
    ],
)
def test_a_mistake_at_a_record_is_named(domain: str, key: RecordKey, status: str, advice: AdviceCode) -> None:
    assert seen(domain, key) == (status, advice)


@pytest.mark.parametrize(
    ("domain", "code", "params"),
    [
        ("spf-two.test", "spf_several", {"count": 2}),
        ("spf-many.test", "spf_lookups", {"count": 11}),
        ("spf-nested.test", "spf_lookups", {"count": 11}),
        ("spf-void.test", "spf_void", {"count": 3}),
        ("spf-loop.test", "spf_loop", {"name": "spf-loop.test"}),
        ("spf-typo.test", "spf_syntax", {"term": "inlcude:spf1.includes.test", "name": "spf-typo.test"}),
        ("spf-missing.test", "spf_include", {"name": "nothing.includes.test", "count": 0}),
        ("spf-all.test", "spf_allows_all", {"name": "spf-all.test"}),
        ("spf-quoted.test", "spf_quoted", {}),
        ("half-lame.test", "lame", {"servers": "ns2.test"}),
        ("gone.test", "nowhere", {"servers": "ns-gone.test"}),
        ("bogus.test", "dnssec", {"servers": "127.0.0.1"}),
    ],
)
def test_a_mistake_beside_the_records_is_found(domain: str, code: str, params: dict[str, object]) -> None:
    assert {"code": code, "params": params} in examine(domain, expected_of(domain)).findings


def test_ten_lookups_are_allowed() -> None:
    assert [code for code in codes(examine("spf-ten.test", expected_of("spf-ten.test"))) if "spf" in code] == []


def test_a_name_that_nobody_registered_is_told_from_an_empty_zone() -> None:
    assert "not_registered" in codes(examine("nobody-has-this.test", expected_of("nobody-has-this.test")))
    assert "not_registered" not in codes(examine("deep.good.test", expected_of("deep.good.test")))


def test_one_lame_server_of_two_takes_nothing_away() -> None:
    examination = examine("half-lame.test", expected_of("half-lame.test"))
    assert {one.judgement.status for one in examination.conclusions.values()} == {RecordStatus.PASSED}


def test_a_zone_with_lame_servers_alone_is_found_by_its_delegation_and_judged_unknown() -> None:
    examination = examine("lame.test", expected_of("lame.test"))
    assert {"code": "lame", "params": {"servers": "ns2.test"}} in examination.findings
    assert {one.judgement.status for one in examination.conclusions.values()} == {RecordStatus.NETWORK_ERROR}
    assert examination.saw_nothing


def test_a_silent_server_is_named_and_does_not_hold_us_up() -> None:
    began = time.monotonic()
    examination = examine("silent.test", expected_of("silent.test"))
    assert time.monotonic() - began < 10
    assert {"code": "silent", "params": {"servers": "ns9.test"}} in examination.findings
    assert {one.judgement.status for one in examination.conclusions.values()} == {RecordStatus.NETWORK_ERROR}


def test_a_broken_dnssec_chain_neither_verifies_nor_takes_away() -> None:
    assert seen("bogus.test", V) == ("softfail", AdviceCode.DNSSEC)


def test_outside_a_playground_servers_on_private_addresses_are_not_asked() -> None:
    with override_settings(ROUTE="mx"):
        examination = examine("good.test", expected_of("good.test"))
    assert {"code": "hidden", "params": {"servers": "ns1.test, ns2.test"}} in examination.findings
    kinds = {one["kind"] for conclusion in examination.conclusions.values() for one in conclusion.seen}
    assert kinds == {"resolver"}
    assert {one.judgement.status for one in examination.conclusions.values()} == {RecordStatus.PASSED}


def test_what_is_missing_is_remembered_for_as_long_as_the_zone_says() -> None:
    shown = examine("doubled.test", expected_of("doubled.test")).conclusions[V].seen
    assert [one["outcome"] for one in shown] == ["nxdomain"] * 3
    assert shown[0]["ttl"] == NEGATIVE


def test_a_healthy_check_of_five_records_is_quick() -> None:
    examine("good.test", expected_of("good.test"))
    began = time.monotonic()
    examine("good.test", expected_of("good.test"))
    assert time.monotonic() - began < 1
