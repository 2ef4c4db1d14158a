"""Report mails reach the mx as receivers deliver them, on every route, and their figures reach the tables."""

import subprocess
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from domains.models import DmarcReport, DmarcSource, TlsReport
from domains.tests.reports.mails import aggregate, gzipped_mail, row
from domains.tests.reports.test_reports_are_kept import tls
from mailtrap_site.testing.world import World, make_world
from sending.models import CapturedMail
from sending.tests.mailbox import mx_running

pytestmark = [pytest.mark.outside("swaks"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def deliver(folder: Path, address: tuple[str, int], recipient: str, mail: bytes) -> str:
    """What swaks says after a conversation."""
    file = folder / "mail.eml"
    file.write_bytes(mail)
    command = ["swaks", "--server", address[0], "--port", str(address[1]), "--ehlo", "mail-yb1-f74.google.test"]
    command += ["--from", "noreply-dmarc-support@google.test", "--to", recipient, "--data", f"@{file}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("route", ["development", "mx", "relay"])
def test_an_aggregate_report_becomes_rows_and_is_in_nobodys_mailbox(world: World, tmp_path: Path, route: str) -> None:
    report = aggregate(row(emails=12), row("198.51.100.9", 3, dkim=False, spf=False))
    with mx_running(route) as address:
        said = deliver(tmp_path, address, "DMARC@Platform.test", gzipped_mail(report))
        assert "<-  250 2.0.0" in said, said
        deliver(tmp_path, address, "dmarc@platform.test", gzipped_mail(report))
    assert DmarcReport.objects.get().domain == world.domain
    assert sorted(DmarcSource.objects.values_list("emails", flat=True)) == [3, 12]
    assert not CapturedMail.objects.exists()


def test_who_owns_the_domain_reads_it_on_the_health_page(world: World, tmp_path: Path) -> None:
    report = aggregate(row("127.0.0.1", 97), row("198.51.100.9", 3, dkim=False, spf=False, disposition="reject"))
    with mx_running("mx") as address:
        deliver(tmp_path, address, "dmarc@platform.test", gzipped_mail(report))
    client = Client()
    client.force_login(world.alice)
    page = client.get(reverse("domains:health", args=[world.account.pk, world.domain.pk])).content.decode()
    assert "97\N{NO-BREAK SPACE}% of 100 emails in the last 30 days passed DMARC; 1 source fails." in page
    assert "198.51.100.9" in page
    assert "google.com" in page


def test_a_tls_report_becomes_rows(world: World, tmp_path: Path) -> None:
    with mx_running("mx") as address:
        said = deliver(tmp_path, address, "tlsrpt@platform.test", tls())
        assert "<-  250 2.0.0" in said, said
    assert TlsReport.objects.get().failures == 5


def test_what_is_no_report_is_taken_and_dropped_and_other_domains_are_refused(world: World, tmp_path: Path) -> None:
    with mx_running("mx") as address:
        assert "<-  250 2.0.0" in deliver(tmp_path, address, "dmarc@platform.test", b"Subject: Hi\r\n\r\nHello\r\n")
        assert "<** 550 5.1.1" in deliver(tmp_path, address, "dmarc@example.test", gzipped_mail(aggregate()))
    assert not DmarcReport.objects.exists()
    assert not CapturedMail.objects.exists()
