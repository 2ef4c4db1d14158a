"""The health page: its first sentence, its figures, what it advises, and what it says while there is nothing."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from domains.models import DmarcReport, DmarcSource, SendingDomain
from domains.nameserver import Record
from domains.tests.reports.plant import OUR_SIGNATURE, plant, plant_tls, publish_dmarc
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.world import World, make_domain

pytestmark = pytest.mark.django_db
OUR_RECORD = "v=DMARC1; p=none; rua=mailto:dmarc@platform.test"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def address(domain: SendingDomain, name: str = "health") -> str:
    return reverse(f"domains:{name}", args=[domain.account_id, domain.pk])


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(client: Client, url: str) -> str:
    """The text of the page as a reader sees it."""
    response = client.get(url)
    assert response.status_code == 200
    text = unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def test_without_reports_it_says_what_will_come_and_which_record_asks_for_it(world: World) -> None:
    publish_dmarc(world.domain, OUR_RECORD)
    page = words(as_user(world.alice), address(world.domain))
    assert "No receiver has reported about example.test in the last 30 days" in page
    assert "report once a day" in page
    assert (
        "Nothing to do yet Your record asks receivers" in page or "Your record asks receivers to report to us" in page
    )
    assert "v=TLSRPTv1; rua=mailto:tlsrpt@platform.test" in page


def test_an_unverified_domain_is_told_that_reports_wait_for_it(world: World) -> None:
    waiting = make_domain(world.account, "shop.test", verified=False)
    told = "Reports are kept from the moment on at which the domain is verified."
    assert told in words(as_user(world.alice), address(waiting))
    assert told not in words(as_user(world.alice), address(world.domain))


def test_a_record_that_reports_elsewhere_is_shown_with_ours_added(world: World) -> None:
    publish_dmarc(world.domain, "v=DMARC1; p=reject; rua=mailto:d@far.test!10m; adkim=s")
    page = words(as_user(world.alice), address(world.domain))
    assert "v=DMARC1; p=reject; rua=mailto:d@far.test!10m,mailto:dmarc@platform.test; adkim=s" in page


def test_without_any_record_it_offers_one(world: World) -> None:
    page = words(as_user(world.alice), address(world.domain))
    assert "Publish a DMARC record" in page
    assert "v=DMARC1; p=none; rua=mailto:dmarc@platform.test" in page


def test_the_first_sentence_answers_whether_mail_is_authenticated(world: World) -> None:
    publish_dmarc(world.domain, OUR_RECORD)
    plant(world.domain, {"emails": 97}, {"address": "198.51.100.7", "emails": 3, "dkim": False, "spf": False})
    page = words(as_user(world.alice), address(world.domain))
    assert "97 % of 2,000 emails in the last 30 days passed DMARC; 1 source fails." in page
    assert "1 receiver reported" in page
    assert "Find out who sends from these addresses" in page
    assert "Mail from 198.51.100.7 fails, and is more than 1 % of what was reported." in page
    assert "The same numbers as a table" in page


def test_a_shorter_period_counts_less(world: World) -> None:
    publish_dmarc(world.domain, OUR_RECORD)
    plant(world.domain, {"emails": 10}, days=20)
    client = as_user(world.alice)
    assert "100 % of 60 emails in the last 7 days" in words(client, address(world.domain) + "?days=7")
    assert "100 % of 200 emails in the last 90 days" in words(client, address(world.domain) + "?days=90")
    for nonsense in ("", "0", "-7", "x", "9999999", "%00", "٣٠"):
        assert "in the last 30 days" in words(client, f"{address(world.domain)}?days={nonsense}")


def test_after_two_clean_weeks_it_offers_the_next_policy_and_keeps_the_rest_of_the_record(world: World) -> None:
    publish_dmarc(world.domain, OUR_RECORD + "; aspf=s")
    plant(world.domain, {}, days=14)
    page = words(as_user(world.alice), address(world.domain))
    assert "Change the policy to quarantine" in page
    assert "v=DMARC1; p=quarantine; rua=mailto:dmarc@platform.test; aspf=s" in page


@pytest.mark.parametrize("limit", ["pct=20", "t=y"])
def test_a_policy_that_is_applied_to_a_part_is_first_applied_to_all(world: World, limit: str) -> None:
    publish_dmarc(world.domain, f"v=DMARC1; p=quarantine; {limit}; rua=mailto:dmarc@platform.test")
    plant(world.domain, {})
    page = words(as_user(world.alice), address(world.domain))
    assert "Apply the policy to all of your mail" in page
    assert "v=DMARC1; p=quarantine; rua=mailto:dmarc@platform.test" in page


def test_each_source_is_named_for_what_it_is(world: World) -> None:
    forwarded = {"address": "192.0.2.50", "emails": 2, "spf": False, "details": OUR_SIGNATURE}
    service = {"dkim": [{"domain": "crm.test", "selector": "s1", "result": "pass"}]}
    listed = {"reasons": [{"type": "mailing_list", "comment": ""}]}
    plant(
        world.domain,
        {"emails": 500},
        forwarded,
        {"address": "192.0.2.60", "emails": 3, "spf": False, "details": service},
        {"address": "192.0.2.70", "emails": 1, "dkim": False, "spf": False, "details": listed},
        {"address": "2001:db8::7", "emails": 1, "dkim": False, "spf": False, "disposition": "reject"},
    )
    page = words(as_user(world.alice), address(world.domain))
    for text in (
        r"127\.0\.0\.1 This service",
        r"192\.0\.2\.50 Forwarded Somebody passed your mail on",
        r"192\.0\.2\.60 Authenticated .*?Signed by crm\.test",
        r"192\.0\.2\.70 Forwarded, changed",
        r"2001:db8::7 Fails .*?0 to spam, 20 refused",
    ):
        assert re.search(text, page), text
    assert page.index("2001:db8::7 Fails") < page.index("127.0.0.1 This service")


def test_mail_of_ours_that_fails_is_marked_and_the_advice_is_to_look_at_the_records(world: World) -> None:
    publish_dmarc(world.domain, OUR_RECORD)
    plant(world.domain, {"emails": 90}, {"emails": 10, "dkim": False, "spf": False})
    page = words(as_user(world.alice), address(world.domain))
    assert "127.0.0.1 This service, fails" in page
    assert "Look at your DNS records first" in page


def test_the_file_holds_the_sources_and_no_formula(world: World) -> None:
    evil = {"dkim": [{"domain": "=cmd|x", "selector": "s", "result": "pass"}]}
    plant(world.domain, {}, {"address": "192.0.2.60", "emails": 3, "spf": False, "details": evil}, days=2)
    response = as_user(world.vera).get(address(world.domain, "health_sources") + "?days=7")
    assert response["Content-Type"].startswith("text/csv")
    assert "example.test-dmarc-sources.csv" in response["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(response.content.decode())))
    assert lines[0][:3] == ["address", "kind", "emails"]
    assert sorted(lines[1:]) == [
        ["127.0.0.1", "ours", "200", "200", "200", "200", "0", "0", ""],
        ["192.0.2.60", "service", "6", "6", "6", "0", "0", "0", "'=cmd|x"],
    ]


def test_tls_reports_are_told_by_policy_and_by_what_failed(world: World) -> None:
    failed = {"result_type": "certificate-expired", "mx": "mail.example.test", "sending_ip": "192.0.2.1", "emails": 4}
    plant_tls(world.domain, [failed, {**failed, "result_type": "new-thing", "mx": "", "emails": 1}], successes=96)
    page = words(as_user(world.alice), address(world.domain))
    assert re.search(r"MTA-STS 96 5 1", page)
    assert "certificate-expired The certificate has run out." in page
    assert "At mail.example.test. 4 sessions" in page
    assert "new-thing A result that the standard does not name. 1 session" in page


def test_the_check_of_mta_sts_is_shown_and_kept(world: World) -> None:
    client = as_user(world.bob)
    zone = StoredZones({"example.test": [Record("MX", "10 mail.example.test.")]})
    with resolving(zone):
        page = client.post(address(world.domain, "inbound_tls"), follow=True)
        fragment = client.post(
            address(world.domain, "inbound_tls"), headers={"HX-Request": "true", "HX-Target": "inbound-tls"}
        ).content.decode()
    assert page.redirect_chain[-1][0] == address(world.domain) + "#inbound-tls"
    assert "There is no policy." in page.content.decode()
    assert "There is no policy." in fragment
    assert "<html" not in fragment
    assert "There is no policy." in words(as_user(world.vera), address(world.domain))


def test_viewers_look_and_strangers_find_nothing(world: World) -> None:
    assert "Check MTA-STS" not in words(as_user(world.vera), address(world.domain))
    assert as_user(world.vera).post(address(world.domain, "inbound_tls")).status_code == 403
    plant(world.stranger_domain, {"address": "203.0.113.77"})
    assert "203.0.113.77" not in words(as_user(world.alice), address(world.domain))
    for name in ("health", "health_sources"):
        assert as_user(world.charlie).get(address(world.domain, name)).status_code == 404
        crossed = reverse(f"domains:{name}", args=[world.stranger_account.pk, world.domain.pk])
        assert as_user(world.charlie).get(crossed).status_code == 404
    assert as_user(world.charlie).post(address(world.domain, "inbound_tls")).status_code == 404


def test_hostile_words_of_a_reporter_stay_words(world: World) -> None:
    evil = {"dkim": [{"domain": "<script>x", "selector": "s", "result": "pass"}]}
    plant(world.domain, {"address": "192.0.2.60", "details": evil}, organization="<script>alert(1)</script>", days=1)
    page = as_user(world.alice).get(address(world.domain)).content.decode()
    assert "<script>x" not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


MANY = """INSERT INTO domains_dmarcsource
(report_id, address, emails, disposition, dkim_aligned, spf_aligned, header_from, details)
SELECT report.id, ('10.' || n % 200 || '.' || n % 40 || '.1')::inet, 2, 'none', n % 3 <> 0, false, 'example.test',
       jsonb_build_object('dkim', jsonb_build_array(
           jsonb_build_object('domain', 'd' || n % 7 || '.test', 'selector', 's', 'result', 'pass')))
FROM domains_dmarcreport AS report, generate_series(1, 2500) AS n"""


def test_fifty_thousand_rows_are_summed_up_by_the_database_in_a_handful_of_questions(world: World) -> None:
    client = as_user(world.alice)
    plant(world.domain, {})
    with connection.cursor() as cursor:
        cursor.execute(MANY)
    assert DmarcSource.objects.count() > 50_000
    with CaptureQueriesContext(connection) as captured:
        page = words(client, address(world.domain))
    assert "of 102,000 emails" in page
    asked = [query["sql"] for query in captured.captured_queries if "dmarcsource" in query["sql"]]
    assert len(asked) == 5
    assert all("SUM(" in sql or "DISTINCT" in sql for sql in asked)
    assert len([query for query in captured.captured_queries if "domains_" in query["sql"]]) <= 11
    assert len(page) < 40_000


def test_a_report_from_before_the_period_does_not_count(world: World) -> None:
    plant(world.domain, {}, days=1)
    DmarcReport.objects.update(begins_at=timezone.now() - timedelta(days=31))
    assert "No receiver has reported" in words(as_user(world.alice), address(world.domain))
    assert "100 % of 100 emails" in words(as_user(world.alice), address(world.domain) + "?days=90")
