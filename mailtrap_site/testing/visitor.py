"""A person with a browser that runs no JavaScript: follows links and presses buttons by the words on them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

SECONDS = 30


@dataclass
class Form:
    """One form: where it goes, what it carries, and the words on its buttons."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class Visitor:
    """Keeps cookies as a browser does; `page` is the answer that is open now."""

    def __init__(self, url: str) -> None:
        self._session = requests.Session()
        # A proxy of the machine has no business with the loopback.
        self._session.trust_env = False
        self._url = url
        self.page = requests.Response()

    def open(self, path: str) -> str:
        """Opens a path or address; the text of the page. Raises AssertionError for what is not a page."""
        return self._show(self._session.get(urljoin(self._url, path), timeout=SECONDS))

    def follow(self, words: str) -> str:
        """Clicks the link that bears these words."""
        for words_of_link, address in self._read().links:
            if words_of_link == words:
                return self.open(urljoin(self.page.url, address))
        raise AssertionError(f"no link says {words!r} on {self.page.url}")

    def press(self, words: str, **typed: str) -> str:
        """Presses the button whose words begin so, after typing into the fields of its form."""
        form = self._form_with(words)
        unknown = set(typed) - set(form.values)
        assert not unknown, f"the form has no field {unknown}, only {sorted(form.values)}"
        address = urljoin(self.page.url, form.action)
        referer = {"Referer": self.page.url}
        return self._show(
            self._session.request(form.method, address, data=form.values | typed, headers=referer, timeout=SECONDS)
        )

    @property
    def path(self) -> str:
        """Where the visitor is now."""
        return self.page.url.removeprefix(self._url)

    @property
    def words(self) -> str:
        """What can be read on the page, with single spaces."""
        return " ".join("".join(self._read().words).split())

    def text_of(self, tag: str) -> list[str]:
        """The words within each element of this name."""
        return [" ".join(words.split()) for words in self._read().texts(tag)]

    def _show(self, answer: requests.Response) -> str:
        self.page = answer
        assert answer.ok, f"{answer.status_code} at {answer.url}: {self.words[:800]}"
        return self.words

    def _read(self) -> "_Reader":
        reader = _Reader()
        reader.feed(self.page.text)
        return reader

    def _form_with(self, words: str) -> Form:
        forms = self._read().forms
        for form in forms:
            if any(button.startswith(words) for button in form.buttons):
                return form
        raise AssertionError(f"no button says {words!r} on {self.page.url}, only {[f.buttons for f in forms]}")


class _Reader(HTMLParser):
    """Forms, links and words of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._elements: list[tuple[str, int]] = []
        self._spans: list[tuple[str, str]] = []
        self._form: Form | None = None
        self._href = ""
        self._select = ""
        self._muted = 0

    def texts(self, tag: str) -> Iterator[str]:
        return (text for name, text in self._spans if name == tag)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        elif tag == "input" and self._form and given.get("name"):
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._form.values[given["name"]] = given.get("value", "")
        elif tag == "select" and self._form and given.get("name"):
            self._select = given["name"]
            self._form.values[self._select] = ""
        elif tag == "option" and self._form and self._select and "selected" in given:
            self._form.values[self._select] = given.get("value", "")
        elif tag == "a":
            self._href = given.get("href", "")
        elif tag in ("script", "style", "title"):
            self._muted += 1
        if tag in ("a", "button", "h1", "h2", "code", "dd", "td", "th", "p"):
            self._elements.append((tag, len(self.words)))
        self.words.append(" " if tag not in ("b", "strong", "code", "mark") else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "title"):
            self._muted -= 1
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""
        if not any(name == tag for name, _begin in self._elements):
            return
        while self._elements:
            name, begin = self._elements.pop()
            text = " ".join("".join(self.words[begin:]).split())
            self._spans.append((name, text))
            if name == "a":
                self.links.append((text, self._href))
            elif name == "button" and self._form:
                self._form.buttons.append(text)
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._muted:
            self.words.append(data)
