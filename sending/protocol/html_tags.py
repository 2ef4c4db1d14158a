"""The tags of an HTML part, to look at and never to clean by. Reads anything, in time that follows its length."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

_TAG = re.compile(r"""<([A-Za-z][A-Za-z0-9]{0,30})((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
_ATTRIBUTE = re.compile(r"""([A-Za-z_:][\w:.-]*+)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'>]++))?""")


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening tag; names in lower case, values without their entities. Of equal attributes the first counts."""

    name: str
    attributes: dict[str, str]

    def get(self, name: str) -> str | None:
        """The attribute, trimmed; None where there is none."""
        value = self.attributes.get(name)
        return None if value is None else value.strip()


def read_tags(html: str) -> Iterator[Tag]:
    """The opening tags outside of comments, in order."""
    for match in _TAG.finditer(_without_comments(html)):
        attributes: dict[str, str] = {}
        for name, value in _ATTRIBUTE.findall(match[2]):
            text = value[1:-1] if value[:1] in ('"', "'") else value
            attributes.setdefault(name.lower(), unescape(text))
        yield Tag(match[1].lower(), attributes)


def _without_comments(html: str) -> str:
    kept, position = [], 0
    while (start := html.find("<!--", position)) >= 0:
        kept.append(html[position:start])
        end = html.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        position = end + 3
    return "".join([*kept, html[position:]])
