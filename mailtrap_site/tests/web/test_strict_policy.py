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


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_template_has_no_inline_style_script_or_handler(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"\sstyle\s*=", source)
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)(?![^>]*application/json)", source)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", source)
    assert not re.search(r"(?:src|href)=[\"']https?://", source)
    assert "hx-on" not in source


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_template_names_only_icons_that_exist(path: Path) -> None:
    for icon in re.findall(r"{% (?:icon|postmark) [\"']([a-z-]+)[\"']", path.read_text()):
        assert icon in ICONS


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_script_is_under_60_lines_and_evaluates_nothing(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) < 60
    assert not re.search(r"\beval\(|new Function|\.style\b", source)


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_a_style_sheet_is_layered_local_and_linked(path: Path) -> None:
    source = path.read_text()
    outside = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    depth, level = 0, []
    for line in outside.splitlines():
        if depth == 0 and line.strip():
            level.append(line)
        depth += line.count("{") - line.count("}")
    assert depth == 0
    assert all(line.startswith("@layer") or line == "}" for line in level)
    assert "@import" not in source
    assert "url(http" not in source
    assert f'static "css/{path.name}"' in (ROOT / "templates" / "base.html").read_text()


def test_style_sheets_use_only_tokens_that_are_defined() -> None:
    source = "\n".join(path.read_text() for path in STYLES)
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", source))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", source))
    assert used <= defined
