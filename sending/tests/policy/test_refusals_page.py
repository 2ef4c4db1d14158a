"""The page behind the link that every refusal carries."""

from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from sending.policy.fault import FaultCode
from sending.policy.refusal import Reason, docs_url


@pytest.mark.django_db
def test_anyone_finds_every_code_where_its_link_points():
    page = Client().get(reverse("sending:refusals"))
    text = page.content.decode()
    assert page.status_code == 200
    for code in (*Reason, *FaultCode):
        link = urlsplit(docs_url(code))
        assert link.path == reverse("sending:refusals")
        assert f'id="{link.fragment}"' in text
    assert "Monthly messages limit reached" in text
    assert "must specify either text or html body" in text


def test_a_code_means_one_thing():
    assert not {code.value for code in Reason} & {code.value for code in FaultCode}
