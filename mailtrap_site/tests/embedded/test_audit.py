"""Which answers of the vulnerability look-up stop `make lint`."""

from typing import Any

import pytest

from mailtrap_site.embedded import audit
from mailtrap_site.environment import BASE_DIR

CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
UNKNOWN = {"name": "celery", "skip_reason": "Dependency not found on PyPI and could not be audited: celery (5.7.0)"}


def hit(*fixes: str) -> dict[str, Any]:
    return {"name": "idna", "version": "3.0", "vulns": [{"id": "PYSEC-1", "fix_versions": list(fixes), "aliases": []}]}


@pytest.mark.parametrize(
    ("report", "exceptions", "said", "stops"),
    [
        ([], {}, "Known vulnerabilities were not looked up: No route to host\n", False),
        ([UNKNOWN], {}, "Known vulnerabilities were not looked up: PyPI says nothing about any of them.\n", False),
        ([CLEAN], {}, "", False),
        ([CLEAN, UNKNOWN], {}, "Known vulnerabilities: PyPI says nothing about 1 packages.\n", False),
        ([CLEAN, hit("3.7")], {}, "idna 3.0: PYSEC-1, mended in 3.7\n", True),
        ([hit()], {}, "idna 3.0: PYSEC-1, no release mends it yet\n", False),
        ([hit("3.7")], {"PYSEC-1": "Nobody reaches it."}, "", False),
    ],
)
def test_what_a_release_mends_stops_and_nothing_else_does(
    report: list[Any],
    exceptions: dict[str, str],
    said: str,
    stops: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr(audit, "_report", lambda _requirements: (report, "" if report else "No route to host"))
    monkeypatch.setattr(audit, "EXCEPTIONS", exceptions)
    if stops:
        with pytest.raises(SystemExit):
            audit.main("requirements-dev.txt")
    else:
        audit.main("requirements-dev.txt")
    assert capsys.readouterr().out == said


def test_every_file_of_pinned_packages_is_looked_up():
    """pip-audit does not follow what a file includes."""
    [line] = [one for one in (BASE_DIR / "Makefile").read_text().splitlines() if "embedded/audit.py" in one]
    assert set(line.split()) >= {one.name for one in BASE_DIR.glob("requirements*.txt")}
