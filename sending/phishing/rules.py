"""What deserves a person's look in the links of a mail: named rules, each with its evidence. Pure; weights and
sentences are data (`rules.toml`)."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from publicsuffixlist import PublicSuffixList

from domains.compliance.brands import brands
from domains.compliance.name_rules import look_at_brands, look_at_scripts
from domains.compliance.registered import registered_name
from domains.names import display_name
from sending.phishing.seen_links import Link, SeenLinks

FILE = Path(__file__).with_name("rules.toml")
MOST_EVIDENCE = 3
"""Findings of one rule in one mail that are kept."""
LONGEST_DETAIL = 253
_NONE = frozenset[str]()
_HARMLESS = re.compile(r"javascript:\s*(?:void\s*\(?\s*0?\s*\)?|;|//)?\s*;?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All of the file: by rule its weight and its sentence, with places for the details of a finding."""

    weights: Mapping[str, int]
    sentences: Mapping[str, str]
    worth_a_look: int
    high: int
    shorteners: frozenset[str]
    often_linked: frozenset[str]
    runs: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """That a rule holds for a link; `detail` fills the sentence, `url` is fit to be shown."""

    rule: str
    url: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """All findings of a mail, the heaviest first. Each rule counts once in the score."""

    findings: tuple[Finding, ...]
    score: int

    @property
    def fingerprint(self) -> str:
        """The same for mails in which the same was found, whoever they are for."""
        told = sorted({(one.rule, *sorted(one.detail.items())) for one in self.findings}, key=repr)
        return sha256(repr(told).encode()).hexdigest()


@cache
def rule_book() -> RuleBook:
    """That of the file. Raises KeyError or ValueError where it is none."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return RuleBook(
        weights={name: int(one["weight"]) for name, one in told["rules"].items()},
        sentences={name: str(one["sentence"]) for name, one in told["rules"].items()},
        worth_a_look=int(told["worth_a_look"]),
        high=int(told["high"]),
        shorteners=frozenset(told["shorteners"]),
        often_linked=frozenset(told["often_linked"]),
        runs=re.compile(rf"[^/]+\.(?:{'|'.join(told['runs'])})", re.IGNORECASE),
    )


def judge(seen: SeenLinks, own: str, bait: frozenset[str] = _NONE, harmless: frozenset[str] = _NONE) -> Suspicion:
    """What the rules find in a mail of the domain `own`. `bait` and `harmless` are those of the compliance rules: words
    beside a brand's name, and names that are only near to one."""
    weights, kept = rule_book().weights, dict[str, list[Finding]]()
    for finding in _look(seen, registered_name(own), bait, harmless):
        same = kept.setdefault(finding.rule, [])
        if len(same) < MOST_EVIDENCE and finding not in same:
            same.append(finding)
    heaviest = sorted(kept, key=lambda rule: -weights[rule])
    return Suspicion(tuple(one for rule in heaviest for one in kept[rule]), sum(weights[rule] for rule in kept))


def _look(seen: SeenLinks, own: str, bait: frozenset[str], harmless: frozenset[str]) -> Iterator[Finding]:
    if seen.asks_for_password:
        yield Finding("password_form", "", {})
    for link in seen.links:
        site = registered_name(link.host)
        for rule, detail in _about(link, site, own, bait, harmless):
            told = {"site": link.host, **detail}
            yield Finding(rule, link.evidence, {name: _plain(value) for name, value in told.items()})


Found = tuple[str, dict[str, str]]


def _about(link: Link, site: str, own: str, bait: frozenset[str], harmless: frozenset[str]) -> Iterator[Found]:
    if link.scheme in ("javascript", "vbscript", "data"):
        if not _HARMLESS.fullmatch(link.url.strip()) and not link.url.strip().lower().startswith("data:image/"):
            yield "runs_script", {"scheme": link.scheme}
        return
    if not link.host:
        return
    if "." in (user := link.user.partition(":")[0].rpartition("@")[2]):
        yield "user_info", {"user": user}
    if link.is_address:
        yield "ip_address", {}
        return
    if link.is_form and site != own:
        yield "form", {}
    yield from _about_text(link, site, own)
    yield from _about_file(link, site, own)
    if site != own:
        yield from _about_name(link.host, bait, harmless)


def _about_text(link: Link, site: str, own: str) -> Iterator[Found]:
    """The sender's own site may be where its clicks are counted, and so may another that the text does not name."""
    shown = link.shown_site
    if not shown or (shown_site := registered_name(shown)) == site or not (link.claims_a_site or _is_known(shown)):
        return
    theirs = next((one for one in brands() if shown_site in one.domains), None)
    if theirs is not None and (site in theirs.domains or own in theirs.domains):
        return
    if theirs is not None and theirs.name not in rule_book().often_linked:
        rule = "own_link_shows_brand" if site == own else "text_shows_brand"
        yield rule, {"shown": shown, "brand": theirs.name}
    elif own not in (site, shown_site):
        yield "text_shows_other_site", {"shown": shown}


def _about_file(link: Link, site: str, own: str) -> Iterator[Found]:
    if rule_book().runs.fullmatch(link.path.rpartition("/")[2]):
        rule = "own_file_that_runs" if site == own else "file_that_runs"
        yield rule, {"file": link.evidence.rpartition("/")[2]}


@lru_cache(maxsize=4096)
def _about_name(host: str, bait: frozenset[str], harmless: frozenset[str]) -> tuple[Found, ...]:
    """Kept for the next mail: most links lead to a few hosts."""
    return tuple(_look_at_name(host, bait, harmless))


def _look_at_name(host: str, bait: frozenset[str], harmless: frozenset[str]) -> Iterator[Found]:
    if registered_name(host) in rule_book().shorteners:
        yield "shortener", {}
    scripts = list(look_at_scripts(host))
    for rule, detail in (*look_at_brands(host, bait, harmless), *scripts):
        told = {name: str(value) for name, value in detail.items()}
        if told.get("bait", "").endswith("."):
            yield "brand_put_before", {"brand": told["brand"], "put": told["bait"].rstrip(".")}
        else:
            yield rule, told
    if not scripts and "xn--" in host:
        yield "punycode", {"label": display_name(host)}


@cache
def _known_suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def _is_known(host: str) -> bool:
    """Whether its ending is one; `Node.js` has none."""
    return _known_suffixes().publicsuffix(host) is not None


def _plain(text: str) -> str:
    """As PostgreSQL keeps it, and a page shows it in a line."""
    return "".join(char for char in text if char.isprintable())[:LONGEST_DETAIL]
