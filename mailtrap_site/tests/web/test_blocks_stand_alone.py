"""What one block of a template names with `as` is unknown in another: a link that relies on it leads nowhere."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
BLOCK = re.compile(r"{% block (\w+) %}(.*?){% endblock", re.S)
NAMED = re.compile(r" as (\w+) %}")


def borrowed(text: str) -> set[str]:
    """The names that a block uses and only another one has made."""
    blocks = BLOCK.findall(text)
    found = set()
    for _, own in blocks:
        for name in NAMED.findall(own):
            found |= {
                name
                for _, other in blocks
                if other is not own and f" as {name} %}}" not in other and re.search(rf"\b{name}\b", other)
            }
    return found


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_no_block_uses_a_name_of_another(template: Path) -> None:
    assert borrowed(template.read_text()) == set()


def test_a_borrowed_name_is_found() -> None:
    crumbs = '{% block crumbs %}{% url "x" as list_url %}{% endblock %}'
    assert borrowed(crumbs + "{% block content %}{{ list_url }}{% endblock %}") == {"list_url"}
    assert borrowed(crumbs + '{% block content %}{% url "x" as list_url %}{{ list_url }}{% endblock %}') == set()
