"""One view, page or fragment."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import RequestFactory, override_settings
from django_htmx.middleware import HtmxMiddleware

from mailtrap_site.web import partials

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                ("django.template.loaders.locmem.Loader", {"page.html": "whole page", "rows.html": "only rows"})
            ]
        },
    }
]


@pytest.fixture(autouse=True)
def _two_templates() -> object:
    with override_settings(TEMPLATES=TEMPLATES):
        yield engines


def asked(**headers: str) -> HttpRequest:
    request = RequestFactory().get("/", headers={key.replace("_", "-"): value for key, value in headers.items()})
    HtmxMiddleware(lambda _: HttpResponse())(request)
    return request


def body(request: HttpRequest, target: str = "") -> str:
    return partials.render_page(request, "page.html", "rows.html", {}, target=target).content.decode()


def test_a_browser_gets_the_page() -> None:
    assert body(asked()) == "whole page"


def test_htmx_gets_the_fragment() -> None:
    assert body(asked(HX_Request="true")) == "only rows"


def test_htmx_with_another_target_gets_the_page() -> None:
    assert body(asked(HX_Request="true", HX_Target="side"), target="rows") == "whole page"
    assert body(asked(HX_Request="true", HX_Target="rows"), target="rows") == "only rows"


def test_going_back_in_history_gets_the_page() -> None:
    assert body(asked(HX_Request="true", HX_History_Restore_Request="true")) == "whole page"


def test_caches_are_told_that_the_two_differ() -> None:
    response = partials.render_page(asked(), "page.html", "rows.html", {})
    assert "HX-Request" in response["Vary"]


def test_a_form_that_does_not_stand_answers_422() -> None:
    assert partials.render_invalid(asked(), "page.html", "rows.html", {}).status_code == 422


def test_a_poll_without_news_swaps_nothing() -> None:
    assert partials.unchanged().status_code == 204
