"""The list is walked by key under any filter, one entry shows its evidence, and the export is what the import reads."""

import re
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World
from sending.models import Event, Suppression, SuppressionImport
from sending.suppressions import exporting, importing, lists, store
from sending.suppressions.lists import Query

NOBODY = store.By(None)


@pytest.fixture
def base(world: World) -> str:
    return f"/a/{world.account.pk}/suppressions/"


@pytest.fixture
def as_alice(world: World) -> Client:
    client = Client()
    client.force_login(world.alice)
    return client


def entry_of(world, email="rita@far.test", **options):
    values = {"stream": "any", "type": "unsubscription", "domain": world.domain} | options
    return Suppression.objects.create(account=world.account, email=email, **values)


def shown(client, address, **headers):
    response = client.get(address, headers=headers or None)
    assert response.status_code == 200
    return response.content.decode()


def addresses(page):
    return re.findall(r'class="main-link"[^>]*>([^<]+)</a>', page)


def test_each_filter_narrows_and_can_be_taken_away(world, base, as_alice):
    long_ago = timezone.now() - timedelta(days=40)
    entry_of(world, "rita@far.test", stream="bulk", type="hard bounce")
    entry_of(world, "ritchie@far.test", domain=None, created_at=long_ago)
    entry_of(world, "bob@far.test", type="spam complaint")
    Suppression.objects.create(account=world.stranger_account, email="rit@far.test", stream="any", type="hard bounce")
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    for asked, found in {
        "": ["bob@far.test", "ritchie@far.test", "rita@far.test"],
        "?q=RIT": ["ritchie@far.test", "rita@far.test"],
        "?type=spam+complaint": ["bob@far.test"],
        "?stream=bulk": ["rita@far.test"],
        f"?domain={world.domain.pk}": ["bob@far.test", "rita@far.test"],
        "?domain=all": ["ritchie@far.test"],
        f"?after={today}": ["bob@far.test", "rita@far.test"],
        f"?until={today}": ["bob@far.test", "ritchie@far.test", "rita@far.test"],
        f"?until={long_ago:%Y-%m-%d}": ["ritchie@far.test"],
        f"?q=rita&type=hard+bounce&stream=bulk&domain={world.domain.pk}&after={today}": ["rita@far.test"],
        "?type=rubbish&domain=rubbish&after=rubbish&before=rubbish": [
            "bob@far.test",
            "ritchie@far.test",
            "rita@far.test",
        ],
        "?q=%25": [],
        "?q=a%00b": [],
    }.items():
        assert addresses(shown(as_alice, base + asked)) == found, asked
    assert "Address begins with rit" in shown(as_alice, f"{base}?q=rit")
    assert "Nothing matches" in shown(as_alice, f"{base}?q=zzz")


def test_pages_follow_each_other_by_key_in_both_directions(world, base, as_alice):
    for number in range(120):
        entry_of(world, f"r{number:03}@far.test")
    with CaptureQueriesContext(connection) as said:
        page = shown(as_alice, base)
    assert not any("OFFSET" in one["sql"] for one in said)
    assert "Newest 50 of 120 entries" in page
    seen, first = addresses(page), addresses(page)
    while (older := re.search(r'href="([^"]+)" rel="next"', page)) is not None:
        page = shown(as_alice, older[1])
        seen += addresses(page)
    assert seen == [f"r{number:03}@far.test" for number in reversed(range(120))]
    newer = re.search(r'href="([^"]+)" rel="prev"', page)
    page = shown(as_alice, newer[1])
    assert addresses(page) == seen[50:100]
    newer = re.search(r'href="([^"]+)" rel="prev"', page)
    assert addresses(shown(as_alice, newer[1])) == first


def test_a_list_of_any_length_is_counted_to_a_bound(world, base, as_alice, monkeypatch):
    monkeypatch.setattr(lists, "COUNT_TO", 3)
    for number in range(5):
        entry_of(world, f"r{number}@far.test")
    assert "5 of more than 3 entries" in shown(as_alice, base)


def test_the_rows_alone_come_where_htmx_asks_for_them(world, base, as_alice):
    entry_of(world)
    page = shown(as_alice, f"{base}?q=rita&type=", **{"HX-Request": "true", "HX-Target": "suppression-rows"})
    assert "<html" not in page
    assert addresses(page) == ["rita@far.test"]


def test_an_account_without_any_reads_what_will_appear(base, as_alice):
    page = shown(as_alice, base)
    assert "No address is suppressed" in page
    assert "Hard bounces, spam reports and opt-outs appear here by themselves" in page


def test_an_entry_shows_its_evidence_and_its_message(world, base, as_alice):
    message = make_message(world.domain, "rita@far.test", status="bounced", subject="Your invoice")
    bounce = Event.objects.get(message=message, type=Event.Type.BOUNCE)
    entry = entry_of(
        world,
        type="hard bounce",
        message_id=message.pk,
        event_id=bounce.pk,
        rule="badrecipient.not_found",
        incident="one",
        evidence={"esp_response": "5.1.1 No such user", "response_code": 550, "bounce_category": "badrecipient"},
    )
    page = shown(as_alice, f"{base}{entry.pk}/")
    assert "rita@far.test gets no mail, because it bounced" in page
    for told in ("550 5.1.1 No such user", "badrecipient.not_found", "Your invoice", "is not known there"):
        assert told in page
    assert f"/log/{message.pk}/" in page
    log = shown(as_alice, f"/a/{world.account.pk}/log/{message.pk}/")
    assert f"{base}{entry.pk}/" in log
    make_event(message, Event.Type.REJECT)
    Suppression.objects.all().delete()
    assert base + str(entry.pk) not in shown(as_alice, f"/a/{world.account.pk}/log/{message.pk}/")


def test_a_message_that_the_list_stopped_says_so_and_leads_there(world, as_alice):
    entry = entry_of(world, domain=None)
    message = make_message(world.domain, "Rita@far.test", status="rejected")
    details = {"code": "suppressed", "reject_reason": "Recipient in suppression list. Reason: unsubscription"}
    make_event(message, Event.Type.REJECT, details)
    page = shown(as_alice, f"/a/{world.account.pk}/log/{message.pk}/")
    assert "The address is on your suppression list" in page
    assert f"/suppressions/{entry.pk}/" in page


def test_the_export_is_what_the_filters_leave_and_the_import_reads_it_back(world, base, as_alice):
    day = datetime(2025, 6, 27, 7, 56, 17, tzinfo=UTC)
    evidence = {"esp_response": '=cmd|"x"\nNo, "never"', "response_code": 550, "bounce_category": "badrecipient"}
    entry_of(world, "+plus@far.test", type="hard bounce", stream="bulk", created_at=day, evidence=evidence)
    entry_of(world, "rità@far.test", domain=None, stream="transactional", created_at=day)
    entry_of(world, "bob@far.test", type="spam complaint", created_at=day)
    response = as_alice.get(f"{base}export/")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="suppressions-')
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("email,type,sending_stream,domain_name,created_at,")
    assert "'+plus@far.test,hard bounce,bulk,example.test,2025-06-27T07:56:17Z,badrecipient,550,\"'=cmd" in text
    fields = ("email", "type", "stream", "domain_id", "created_at")
    before = set(Suppression.objects.values_list(*fields))
    Suppression.objects.all().delete()
    chosen = importing.Chosen(None, "any", "manual import")
    importing.begin(world.account, "again.csv", text.encode(), chosen, NOBODY)
    importing.work_off(time.monotonic() + 30)
    one = SuppressionImport.objects.get()
    assert (one.added, one.bad) == (3, 0)
    assert set(Suppression.objects.values_list(*fields)) == before
    assert Suppression.objects.get(type="hard bounce").evidence["response_code"] == "550"
    narrowed = b"".join(as_alice.get(f"{base}export/?type=spam+complaint").streaming_content).decode()
    assert [line.partition(",")[0] for line in narrowed.splitlines()] == ["email", "bob@far.test"]


def test_an_export_is_read_in_parts(world, monkeypatch):
    monkeypatch.setattr(lists, "AT_ONCE", 3)
    monkeypatch.setattr(exporting, "_AT_ONCE", 2)
    for number in range(8):
        entry_of(world, f"r{number}@far.test")
    pieces = list(exporting.pieces(world.account.pk, Query()))
    assert len(pieces) == 5
    lines = "".join(pieces).splitlines()[1:]
    assert [line.partition("@")[0] for line in lines] == [f"r{number}" for number in reversed(range(8))]


def test_an_imports_page_tells_how_far_it_is_and_stops_asking_when_it_is_done(world, base, as_alice, monkeypatch):
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    file = b"email\n" + b"".join(b"r%d@far.test\n" % number for number in range(4)) + b"=bad\n"
    upload = BytesIO(file)
    upload.name = "list.csv"
    answer = as_alice.post(f"{base}imports/", {"file": upload, "type": "hard bounce", "domain": "all", "stream": "any"})
    one = SuppressionImport.objects.get()
    assert answer["Location"] == f"{base}imports/{one.pk}/"
    htmx = {"HX-Request": "true", "HX-Target": "import"}
    page = shown(as_alice, answer["Location"])
    assert "0 of 5 entries are read" in page
    assert 'hx-trigger="every 1s"' in page
    assert as_alice.get(f"{answer['Location']}?seen=0", headers=htmx).status_code == 204
    importing.work_off(time.monotonic() + 30)
    done = as_alice.get(f"{answer['Location']}?seen=0", headers=htmx)
    assert done.status_code == 286
    page = done.content.decode()
    assert "4 addresses are new on the list" in page
    assert "The address has no @ sign." in page
    assert "hx-trigger" not in page
    lines = as_alice.get(f"{answer['Location']}lines/").content.decode().splitlines()
    assert lines == ["line,text,reason", "6,'=bad,The address has no @ sign."]
    assert "list.csv" in shown(as_alice, f"{base}imports/")
    assert set(Suppression.objects.values_list("type", flat=True)) == {"hard bounce"}


def test_a_file_that_cannot_be_read_is_refused_on_the_form(base, as_alice):
    for content, said in ((b"Name,Phone\nRita,1\n", "None of its columns"), (b"\n\n", "There is no address")):
        upload = BytesIO(content)
        upload.name = "list.csv"
        answer = as_alice.post(
            f"{base}imports/", {"file": upload, "type": "hard bounce", "domain": "all", "stream": "any"}
        )
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert not SuppressionImport.objects.exists()


def test_beginnings_and_reasons_are_answered_by_indexes(world):
    """Of a long list: what the plan reads, not how long it takes."""
    Suppression.objects.bulk_create(
        Suppression(account=world.account, email=f"r{number}@far.test", stream="any", type="unsubscription")
        for number in range(20_000)
    )
    rare = entry_of(world, "zoe@far.test", type="spam complaint")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sending_suppression")
    for query in (Query(beginning="zo"), Query(type="spam complaint"), Query(email="ZOE@far.test")):
        rows = lists.narrow(world.account.pk, query).order_by("-id")[:51]
        assert list(rows) == [rare]
        plan = rows.explain(analyze=True, buffers=True)
        assert "Seq Scan on sending_suppression" not in plan
        read = re.search(r"Buffers: shared hit=(\d+)(?: read=(\d+))?", plan)
        assert int(read[1]) + int(read[2] or 0) < 30, plan
