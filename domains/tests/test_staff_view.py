"""Staff look at domains in the support desk; they change nothing and see no key."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from domains.models import DmarcReport, DmarcSource, TlsReport
from domains.tests.reports.plant import plant, plant_tls
from mailtrap_site.testing.world import make_world

pytestmark = pytest.mark.django_db


def test_staff_see_domains_and_records_but_neither_keys_nor_a_way_to_change_them() -> None:
    world = make_world()
    client = Client()
    client.force_login(User.objects.create_superuser("staff@platform.test", "correct horse battery"))
    listed = client.get(reverse("admin:domains_sendingdomain_changelist")).content.decode()
    assert "example.test" in listed
    detail = reverse("admin:domains_sendingdomain_change", args=[world.domain.pk])
    page = client.get(detail)
    assert page.status_code == 200
    assert world.domain.dns_records.get(key="dkim1").value in page.content.decode()
    assert "PRIVATE KEY" not in page.content.decode()
    assert client.post(detail, {"name": "other.test"}).status_code == 403
    assert client.post(reverse("admin:domains_sendingdomain_delete", args=[world.domain.pk])).status_code == 403


@pytest.mark.parametrize("model", ["dmarcreport", "dmarcsource", "tlsreport"])
def test_staff_look_at_reports_and_change_none(model: str) -> None:
    world = make_world()
    plant(world.domain, {"address": "192.0.2.60"}, days=1)
    plant_tls(world.domain)
    row: DmarcReport | DmarcSource | TlsReport
    match model:
        case "dmarcreport":
            row, shown = DmarcReport.objects.get(), "google.com"
        case "dmarcsource":
            row, shown = DmarcSource.objects.get(), "192.0.2.60"
        case _:
            row, shown = TlsReport.objects.get(), "Google Inc."
    client = Client()
    client.force_login(User.objects.create_superuser("staff@platform.test", "correct horse battery"))
    listed = client.get(reverse(f"admin:domains_{model}_changelist") + "?q=example")
    assert shown in listed.content.decode()
    detail = reverse(f"admin:domains_{model}_change", args=[row.pk])
    assert client.get(detail).status_code == 200
    assert client.post(detail, {}).status_code == 403
    assert client.post(reverse(f"admin:domains_{model}_delete", args=[row.pk])).status_code == 403
    assert client.get(reverse(f"admin:domains_{model}_add")).status_code == 403
