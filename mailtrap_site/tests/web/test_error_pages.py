"""Error pages stand without a context, a request or a database."""

import pytest
from django.template.loader import render_to_string


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_an_error_page_needs_nothing_to_be_drawn(status: int) -> None:
    page = render_to_string(f"{status}.html")
    assert page.count("<h1>") == 1
    assert 'id="content"' in page
    assert "Mailtrap" in page
