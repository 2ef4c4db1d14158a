"""The records as files: another's parser and another's server read them back as they were meant."""

import json
from pathlib import Path

import dns.message
import dns.query
import dns.zone
import pytest
from django.test import Client
from django.urls import reverse

from domains.models import DnsRecord, SendingDomain
from domains.record_files import route53_batch, to_publish, zone_file
from domains.records import ExpectedRecord, RecordKey, RecordStatus, RecordType, expected_records
from mailtrap_site.testing.dns_servers import KNOT, Zone, free_port, knot
from mailtrap_site.testing.world import World, make_domain

LONG_KEY = "v=DKIM1; k=rsa; p=" + "QUJD" * 150
RECORDS = [
    *expected_records("xn--bcher-kva.example", "mt07", [("mt1", "a"), ("mt2", "b")], "deliver.example"),
    ExpectedRecord(RecordKey.DKIM1, RecordType.TXT, "mt3._domainkey", "mt3._domainkey.xn--bcher-kva.example", LONG_KEY),
    ExpectedRecord(RecordKey.DMARC, RecordType.TXT, "odd", "odd.xn--bcher-kva.example", 'say "hi"; back\\slash é'),
]


def texts(zone: dns.zone.Zone, name: str) -> str:
    rdataset = zone.get_rdataset(name + ".", "TXT")
    assert rdataset is not None
    return b"".join(rdataset[0].strings).decode()


def test_a_zone_file_is_read_back_as_it_was_meant() -> None:
    zone = dns.zone.from_text(zone_file("xn--bcher-kva.example", RECORDS), relativize=False, check_origin=False)
    assert len(zone.nodes) == len(RECORDS)
    for record in RECORDS:
        if record.type == "TXT":
            assert texts(zone, record.fqdn) == record.value
        else:
            rdataset = zone.get_rdataset(record.fqdn + ".", "CNAME")
            assert rdataset is not None
            assert rdataset[0].target.to_text() == record.value + "."


@pytest.mark.outside("knotd")
@pytest.mark.parametrize("origin", ["xn--bcher-kva.example", "example"])
def test_knot_serves_the_zone_file_from_the_zone_itself_and_from_the_one_above(origin: str, tmp_path: Path) -> None:
    head = f"$ORIGIN {origin}.\n@ 60 SOA ns1.{origin}. h.{origin}. 1 3600 600 604800 60\n@ 60 NS ns1.{origin}.\n"
    text = head + zone_file("xn--bcher-kva.example", RECORDS)
    port = free_port()
    with knot([Zone(origin, text)], port, tmp_path):
        for record in RECORDS:
            query = dns.message.make_query(record.fqdn, record.type)
            answer = dns.query.udp_with_fallback(query, KNOT, 2, port)[0].answer[0][0]
            if record.type == "TXT":
                assert b"".join(answer.strings).decode() == record.value
                assert all(len(string) <= 255 for string in answer.strings)
            else:
                assert answer.target.to_text() == record.value + "."


def test_a_change_batch_holds_each_record_with_quoted_texts() -> None:
    batch = json.loads(route53_batch("xn--bcher-kva.example", RECORDS))
    sets = [change["ResourceRecordSet"] for change in batch["Changes"]]
    assert {change["Action"] for change in batch["Changes"]} == {"UPSERT"}
    assert [one["Name"] for one in sets] == [record.fqdn + "." for record in RECORDS]
    dmarc = next(one for one in sets if one["Name"].startswith("_dmarc"))
    assert dmarc["ResourceRecords"] == [{"Value": '"v=DMARC1; p=none; rua=mailto:dmarc@deliver.example"'}]
    long = next(one for one in sets if one["Name"].startswith("mt3"))["ResourceRecords"][0]["Value"]
    assert long.count('" "') == 2
    assert sets[0]["ResourceRecords"] == [{"Value": "smtp.deliver.example."}]


def test_a_policy_that_stands_is_not_overwritten() -> None:
    stored = [(record, RecordStatus.PASSED) for record in RECORDS[:5]]
    assert [record.key for record in to_publish(stored)] == ["verification", "dkim1", "dkim2", "link_verification"]


@pytest.mark.django_db
def test_members_download_both_files_and_strangers_find_nothing(world: World) -> None:
    domain = make_domain(world.account, "shop.test", verified=False)
    for name, start in (("zone_file", "; Records of shop.test"), ("route53", "{")):
        url = reverse(f"domains:{name}", args=[world.account.pk, domain.pk])
        client = Client()
        client.force_login(world.vera)
        response = client.get(url)
        assert response.status_code == 200
        assert response.content.decode().startswith(start)
        assert response["Content-Disposition"].startswith('attachment; filename="shop.test.')
        client.force_login(world.charlie)
        assert client.get(url).status_code == 404


@pytest.mark.django_db
def test_the_downloaded_files_leave_out_a_policy_of_ones_own(world: World) -> None:
    domain = SendingDomain.objects.get(pk=make_domain(world.account, "shop.test", verified=False).pk)
    domain.dns_records.filter(key="dmarc").update(status=DnsRecord.Status.PASS, observed=["v=DMARC1; p=reject"])
    client = Client()
    client.force_login(world.alice)
    page = client.get(reverse("domains:zone_file", args=[world.account.pk, domain.pk])).content.decode()
    assert "_domainkey.shop.test. 300 IN CNAME" in page
    assert "_dmarc" not in page
