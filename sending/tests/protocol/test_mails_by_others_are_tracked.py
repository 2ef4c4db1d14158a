"""HTML mails that others wrote keep every octet but those of their links, in each transfer encoding."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sending.protocol.additions import Additions
from sending.tests.protocol.test_tracked_mime import mail
from sending.tests.protocol.tracked import BASE, OWN_URL, assert_only_links_differ, clicks, contents, copy_of

FILES = sorted((Path(os.environ.get("CORPUS_DIR", "/nowhere")) / "mail-html").rglob("*.html"))


class Links(HTMLParser):
    """The standard library's opinion of where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[bytes] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        href = dict(attrs).get("href") or ""
        if tag in ("a", "area") and re.match("https?://", href.strip()):
            self.found.append(href.strip().encode())


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_only_the_links_of_mails_by_others_differ(file):
    # Their template languages' gaps become addresses, as they do before a mail is sent.
    html = re.sub(r"\{\{[^}]*\}\}", "https://x.test/?a=1&amp;b=2", file.read_bytes().decode())
    for encoding in ("8bit", "quoted-printable", "base64"):
        before = mail(html.replace("\r\n", "\n").replace("\n", "\r\n"), encoding=encoding)
        [after] = contents(copy_of(before, Additions(BASE, clicks=True)))
        assert_only_links_differ(contents(before)[0], after)
        shown = re.sub(rb"<!--\[if[\s\S]*?-->", b"", after).decode()
        assert set(Links(html).found) <= set(clicks(after)) | set(Links(shown).found)
        [tracked] = contents(copy_of(before, Additions(BASE, opens=True)))
        assert len(OWN_URL.findall(tracked)) == 1
