"""Statistics, exports and saved views of who looks after one domain of two: no figure and no word of the other."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.people import domain_scopes
from accounts.scopes import READ
from domains.models import SendingDomain
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World, make_domain, make_token, make_user
from sending.log import paging
from sending.models import LogExport, SavedView
from sending.tasks import write_exports
from sending.tests.stats.counting import happen

OTHER = ("other.test", "Payroll", "Yahoo", "secret@far.test", "741")
"""What of the other domain would be seen: its name, category, provider, reader, and how much it sent."""


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.EXPORTS_ROOT = tmp_path / "exports"
    yield


@pytest.fixture
def other(world: World) -> SendingDomain:
    """The domain that Olga does not look after; both have mail."""
    other = make_domain(world.account, "other.test")
    make_message(world.domain, "ada@far.test", submission={"custom_variables": {"kind": "receipt"}})
    make_message(other, "secret@far.test", submission={"custom_variables": {"kind": "741"}})
    return other


@pytest.fixture
def counted(world: World, other: SendingDomain) -> None:
    """Figures of today, of both."""
    happen(world.domain, timezone.now(), provider="Google", category="Receipt", delivered=96, bounced=4)
    happen(other, timezone.now(), provider="Yahoo", category="Payroll", delivered=741)


@pytest.fixture
def olga(world: World, other: SendingDomain, signed_in: Callable[[User], Client]) -> Client:
    user = make_user("olga@acme.test")
    scopes = list(domain_scopes([(world.domain.pk, READ)]))
    Membership.objects.create(account=world.account, user=user, role=Role.LIMITED, scopes=scopes)
    return signed_in(user)


def body(response: Any) -> str:
    assert response.status_code == 200
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


def test_statistics_count_their_domains_alone_whatever_the_address_asks(
    world: World, other: SendingDomain, counted: None, olga: Client, as_alice: Client
):
    here = f"/a/{world.account.pk}/statistics/"
    foreign = (f"domain={other.pk}", "category=Payroll", "provider=Yahoo")
    tables = {"domain": "7d", "stream": "30d", "category": "24h", "provider": "dates", "time": "24h"}
    for by, time in tables.items():
        for more in ("", f"domain={world.domain.pk}", *foreign):
            asked = f"?by={by}&range={time}&{more}"
            shown, file = body(olga.get(here + asked)), body(olga.get(f"{here}table/{asked}"))
            known = [one for one in OTHER if one not in more]
            assert not [one for one in known if one in shown or one in file], asked
            delivered = sum(int(row["delivered"]) for row in csv.DictReader(StringIO(file)))
            assert delivered == (0 if more in foreign else 96), asked
    assert "<small>96</small>" in body(olga.get(here))
    assert "<small>837</small>" in body(as_alice.get(here))
    assert ">example.test</option>" in body(olga.get(here))
    for more in ("", f"&domain={other.pk}"):
        for file in ("", "&file=csv"):
            shown = body(olga.get(f"{here}variables/?variable=kind{file}{more}"))
            assert ("receipt" in shown) == (not more)
            assert "741" not in shown


def test_exports_hold_the_mail_of_their_domains_alone(
    world: World, other: SendingDomain, olga: Client, as_alice: Client, monkeypatch: pytest.MonkeyPatch
):
    here = f"/a/{world.account.pk}/log/exports/"
    foreign = f"?sending_domain_id.equal={other.pk}"
    assert "1 email<" in body(olga.get(here))
    assert "Sending domain is example.test" in body(olga.get(here))
    assert [row["to"] for row in csv.DictReader(StringIO(body(olga.post(here, {"format": "csv"}))))] == ["ada@far.test"]
    for asked in (foreign, "?q=secret", "?sending_domain_id.not_equal=1", f"?domain_id.equal={other.pk}"):
        assert "secret@far.test" not in body(olga.post(here + asked, {"format": "ndjson"})), asked
    monkeypatch.setattr(paging, "COUNT_TO", 0)
    for client, asked in ((olga, ""), (as_alice, ""), (as_alice, foreign)):
        assert client.post(here + asked, {"format": "ndjson"}).status_code == 302
    write_exports()
    own, whole, of_other = LogExport.objects.order_by("pk")
    rows = gzip.decompress(body_of(olga.get(f"{here}{own.pk}/file/"))).decode().splitlines()
    assert [json.loads(row)["to"] for row in rows] == ["ada@far.test"]
    assert [olga.get(f"{here}{one.pk}/file/").status_code for one in (whole, of_other)] == [404, 404]
    assert body(olga.get(here)).count("Asked for by") == 1
    assert body(as_alice.get(here)).count("Asked for by") == 3
    Membership.objects.filter(user=own.user).update(scopes=list(domain_scopes([(other.pk, READ)])))
    assert olga.get(f"{here}{own.pk}/file/").status_code == 404


def test_saved_views_are_their_own_and_those_about_their_domains(
    world: World, other: SendingDomain, olga: Client, as_alice: Client
):
    here = f"/a/{world.account.pk}/log/"
    queries = {
        "About ours": f"sending_domain_id.equal={world.domain.pk}",
        "About theirs": f"sending_domain_id.equal={other.pk}",
        "About both": f"sending_domain_id.equal={world.domain.pk},{other.pk}",
        "About a reader": "to.ci_equal=secret@far.test",
    }
    for name, query in queries.items():
        assert as_alice.post(f"{here}views/new/?{query}", {"name": name}).status_code == 302
    assert olga.post(f"{here}views/new/?q=ada", {"name": "Olga's"}).status_code == 302
    for page in (body(olga.get(here)), body(olga.get(f"{here}views/"))):
        assert "About ours" in page
        assert "Olga&#x27;s" in page
        assert not [name for name in queries if name != "About ours" and name in page]
        assert not [word for word in ("other.test", "secret@far.test") if word in page]
    kept = list(SavedView.objects.order_by("pk"))
    assert kept[-1].query == f"q=ada&sending_domain_id.equal={world.domain.pk}"
    assert "ada@far.test" in body(olga.get(f"{here}?{kept[-1].query}"))
    answers = {view.name: olga.post(f"{here}views/{view.pk}/removal/").status_code for view in kept}
    assert answers == {name: 302 if name in ("About ours", "Olga's") else 404 for name in answers}


def test_a_token_of_their_domain_counts_no_more(world: World, other: SendingDomain, counted: None):
    scope = {"resource_type": "domain", "resource_id": world.domain.pk, "access_level": READ}
    _token, secret = make_token(world.account, scopes=[scope])
    today = timezone.now().date().isoformat()

    def asked(path: str, more: str = "") -> Any:
        where = f"/api/stats{path}?start_date={today}&end_date={today}{more}"
        return Client().get(where, headers={"Api-Token": secret})

    assert asked("").json()["delivery_count"] == 96
    for path in ("/domains", "/categories", "/email_service_providers", "/date"):
        assert [one["stats"]["delivery_count"] for one in asked(path).json()] == [96]
        for more in (f"&domain_ids[]={other.pk}", "&categories[]=Payroll", "&email_service_providers[]=Yahoo"):
            assert asked(path, more).json() == []
    assert Client().get("/api/email_logs/exports", headers={"Api-Token": secret}).status_code == 403


def body_of(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)
