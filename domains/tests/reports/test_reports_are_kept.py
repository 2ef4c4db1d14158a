"""Reports are kept once, at the domain they are about, for accounts that own it; and only so many, and only so long."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from domains.models import DmarcReport, DmarcSource, SendingDomain, TlsReport
from domains.reports import store
from domains.reports.intake import take
from domains.reports.store import KEPT, Fate, attributed, prune
from domains.tasks import prune_reports
from domains.tests.reports.mails import aggregate, attached, gzipped_mail, row, sample, several
from mailtrap_site.testing.world import World, make_domain

pytestmark = pytest.mark.django_db


def take_aggregate(*rows: str, **options) -> Counter[Fate]:
    return take(gzipped_mail(aggregate(*rows, **options)))


def tls(domain: str = "example.test", day: datetime | None = None, report_id: str = "1") -> bytes:
    day = day or datetime.now(UTC) - timedelta(days=1)
    document = json.loads(sample("google-tls.json"))
    document["date-range"] = {"start-datetime": day.isoformat(), "end-datetime": day.isoformat()}
    document["report-id"] = report_id
    document["policies"][0]["policy"]["policy-domain"] = domain
    return attached(json.dumps(document).encode(), "application/tlsrpt+json", "report.json")


def test_a_report_becomes_rows_of_its_domain(world: World) -> None:
    results = "<dkim><domain>example.test</domain><selector>mt1</selector><result>pass</result></dkim>"
    rows = row(emails=7, results=results), row("2001:db8::1", 3, dkim=False, spf=False, disposition="reject")
    assert take_aggregate(*rows, policy="reject") == {Fate.KEPT: 1}
    report = DmarcReport.objects.get()
    assert (report.domain, report.organization, report.policy) == (world.domain, "google.com", {"p": "reject"})
    assert report.ends_at - report.begins_at == timedelta(seconds=86_399)
    passing, failing = report.sources.order_by("-emails")
    assert (passing.address, passing.emails, passing.dkim_aligned, passing.spf_aligned) == ("192.0.2.10", 7, True, True)
    assert passing.details == {"dkim": [{"domain": "example.test", "selector": "mt1", "result": "pass"}]}
    assert (failing.address, failing.disposition, failing.details) == ("2001:db8::1", "reject", {})


def test_the_same_report_counts_once_and_another_receivers_with_the_same_id_counts(world: World) -> None:
    assert take_aggregate(row()) == {Fate.KEPT: 1}
    assert take_aggregate(row(), row()) == {Fate.DUPLICATE: 1}
    assert take_aggregate(row(), organization="Yahoo") == {Fate.KEPT: 1}
    assert DmarcSource.objects.count() == 2


def test_several_reports_in_one_mail_are_all_kept_and_a_damaged_one_harms_no_other(world: World) -> None:
    mail = several([aggregate(report_id="1"), b"<feedback>", aggregate(report_id="2")])
    assert take(mail) == {Fate.KEPT: 2, Fate.REFUSED: 1}


@pytest.mark.parametrize("name", ["far.test", "mail.example.test", "test"])
def test_what_is_about_nobodys_domain_is_dropped(world: World, name: str) -> None:
    assert take_aggregate(row(header_from=name), domain=name) == {Fate.UNKNOWN_DOMAIN: 1}
    assert not DmarcReport.objects.exists()


def test_only_an_account_that_proved_to_own_the_domain_sees_its_reports(world: World) -> None:
    make_domain(world.stranger_account, "example.test", verified=False)
    assert take_aggregate() == {Fate.KEPT: 1}
    assert DmarcReport.objects.get().domain == world.domain
    SendingDomain.objects.filter(account=world.stranger_account).update(dns_verified_at=timezone.now())
    assert take_aggregate(report_id="2") == {Fate.KEPT: 2}
    SendingDomain.objects.filter(pk=world.domain.pk).update(deleted_at=timezone.now())
    assert take_aggregate(report_id="3") == {Fate.KEPT: 1}
    assert DmarcReport.objects.filter(domain=world.domain).count() == 2


def test_a_subdomain_that_sends_by_itself_gets_its_own_share(world: World) -> None:
    shop = make_domain(world.account, "shop.example.test")
    rows = row(emails=1), row(emails=2, header_from="shop.example.test"), row(emails=4, header_from="old.example.test")
    assert take_aggregate(*rows, row(emails=8, header_from="stranger.test"), row(emails=16, header_from="")) == {
        Fate.KEPT: 2
    }

    def emails(domain: SendingDomain) -> list[int]:
        return sorted(DmarcSource.objects.filter(report__domain=domain).values_list("emails", flat=True))

    assert emails(shop) == [2]
    assert emails(world.domain) == [1, 4, 16]
    assert emails(world.stranger_domain) == []


@pytest.mark.parametrize(
    ("header_from", "expected"),
    [
        ("example.test", "example.test"),
        ("", "example.test"),
        ("a.example.test", "a.example.test"),
        ("b.a.example.test", "example.test"),
        ("badexample.test", ""),
        ("far.test", ""),
    ],
)
def test_mail_is_counted_at_its_own_domain_or_at_that_of_the_policy(header_from: str, expected: str) -> None:
    assert attributed(header_from, "example.test", {"example.test", "a.example.test"}) == expected


@pytest.mark.parametrize("days", [-40, -1000, 3])
def test_reports_about_another_time_are_dropped(world: World, days: int) -> None:
    day = datetime.now(UTC) + timedelta(days=days)
    assert take_aggregate(day=day) == {Fate.OUT_OF_TIME: 1}
    assert take(tls(day=day)) == {Fate.OUT_OF_TIME: 1}


def test_a_flood_ends_at_the_bound_of_its_domain(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_REPORTS_A_DAY", 3)
    fates = [take_aggregate(report_id=str(number)) for number in range(5)]
    assert fates == [{Fate.KEPT: 1}] * 3 + [{Fate.TOO_MANY: 1}] * 2
    assert take_aggregate(row(header_from="stranger.test"), domain="stranger.test") == {Fate.KEPT: 1}
    assert [take(tls(report_id=str(number))) for number in range(4)] == [{Fate.KEPT: 1}] * 3 + [{Fate.TOO_MANY: 1}]
    DmarcReport.objects.update(received_at=timezone.now() - timedelta(days=1, minutes=1))
    assert take_aggregate(report_id="later") == {Fate.KEPT: 1}


def test_reports_of_many_sources_end_at_a_bound_of_their_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_SOURCES_A_DAY", 10)
    assert take_aggregate(*[row()] * 8, report_id="1") == {Fate.KEPT: 1}
    assert take_aggregate(*[row()] * 8, report_id="2") == {Fate.TOO_MANY: 1}
    assert DmarcSource.objects.count() == 8


def test_a_tls_report_is_kept_once(world: World) -> None:
    mail = tls()
    assert [take(mail), take(mail)] == [{Fate.KEPT: 1}, {Fate.DUPLICATE: 1}]
    report = TlsReport.objects.get()
    assert (report.domain, report.policy_type, report.successes, report.failures) == (world.domain, "sts", 238, 5)
    assert report.details[0] == {
        "result_type": "certificate-expired",
        "mx": "mail.example.test",
        "sending_ip": "209.85.220.41",
        "emails": 3,
    }
    assert take(tls("far.test")) == {Fate.UNKNOWN_DOMAIN: 1}


def test_mail_that_is_no_report_changes_nothing(world: World) -> None:
    assert take(b"Subject: Hello\r\n\r\nIs anybody there?\r\n") == {Fate.REFUSED: 1}
    assert not DmarcReport.objects.exists()


def test_old_reports_are_forgotten_with_their_sources(world: World) -> None:
    take_aggregate(report_id="young")
    take_aggregate(report_id="old")
    take(tls())
    old = timezone.now() - KEPT - timedelta(minutes=1)
    DmarcReport.objects.filter(report_id="old").update(begins_at=old)
    TlsReport.objects.update(begins_at=old)
    prune_reports()
    assert list(DmarcReport.objects.values_list("report_id", flat=True)) == ["young"]
    assert DmarcSource.objects.count() == 1
    assert not TlsReport.objects.exists()
    assert prune(timezone.now()) == 0
