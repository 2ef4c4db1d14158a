"""The templates and scripts keep to the content policy and to what the interface document promises."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from mailtrap_site.web.icons import ICONS

ROOT = Path(settings.BASE_DIR)
PAGES = [path for path in (ROOT / "templates").rglob("*.html") if not path.match("templates/emails/*")]
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))


FORBIDDEN_IN_PAGES = {
    "a style attribute": r"\sstyle\s*=",
    "an inline style or script": r"<style|<script(?![^>]*\ssrc=)(?![^>]*application/json)",
    "an event handler": r"\son[a-z]+\s*=\s*[\"']|hx-on",
    "an address elsewhere": r"(?:src|href)=[\"']https?://",
}


def found_in(paths: list[Path], pattern: str) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths if re.search(pattern, path.read_text())]


@pytest.mark.parametrize("what", FORBIDDEN_IN_PAGES)
def test_no_template_has_what_the_policy_refuses(what: str) -> None:
    assert len(PAGES) > 100
    assert found_in(PAGES, FORBIDDEN_IN_PAGES[what]) == []


def test_templates_name_only_icons_that_exist() -> None:
    named = {
        icon for path in PAGES for icon in re.findall(r"{% (?:icon|postmark) [\"']([a-z-]+)[\"']", path.read_text())
    }
    assert len(named) > 10
    assert named <= set(ICONS)


def test_scripts_are_under_60_lines_and_evaluate_nothing() -> None:
    assert SCRIPTS
    assert [path.name for path in SCRIPTS if len(path.read_text().splitlines()) >= 60] == []
    assert found_in(SCRIPTS, r"\beval\(|new Function|\.style\b") == []


def test_style_sheets_are_layered_local_and_linked() -> None:
    linked = (ROOT / "templates" / "base.html").read_text()
    assert STYLES
    for path in STYLES:
        outside = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        depth, level = 0, []
        for line in outside.splitlines():
            if depth == 0 and line.strip():
                level.append(line)
            depth += line.count("{") - line.count("}")
        assert depth == 0, path.name
        assert all(line.startswith("@layer") or line == "}" for line in level), path.name
        assert f'static "css/{path.name}"' in linked
    assert found_in(STYLES, r"@import|url\(http") == []


def test_style_sheets_use_only_tokens_that_are_defined() -> None:
    source = "\n".join(path.read_text() for path in STYLES)
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", source))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", source))
    assert used <= defined
