"""The places in the side."""

from mailtrap_site.web.navigation import navigation


def labels(view_name: str = "", *, account_id: int | None = 1, development: bool = True) -> dict[str, bool]:
    groups = navigation(account_id, view_name, development=development)
    return {str(link.label): link.current for _, links in groups for link in links}


def test_the_current_place_is_marked_on_its_own_pages_and_on_those_below() -> None:
    assert labels("domains:list")["Sending domains"]
    assert labels("domains:detail")["Sending domains"]
    assert not labels("domains:detail")["API tokens"]


def test_the_captured_mail_is_a_place_only_on_the_development_route() -> None:
    assert "Captured mail" not in labels(development=False)


def test_a_reader_without_an_account_sees_no_place_of_one() -> None:
    assert "Sending domains" not in labels(account_id=None)
