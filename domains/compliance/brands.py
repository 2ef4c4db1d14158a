"""The names that mail pretends to come from, and how a label imitates one. Pure; the list is `brands.txt`."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domains.compliance.scripts import skeleton

BRANDS_FILE = Path(__file__).with_name("brands.txt")
SHORTEST_TO_IMITATE = 5
"""Shorter names are one letter away from honest abbreviations."""
SHORTEST_TO_MISSPELL = 6


@dataclass(frozen=True, slots=True)
class Brand:
    """`domains` are its own registrable names. `is_word`: alone it says nothing; `is_common`: only imitation counts."""

    name: str
    domains: frozenset[str]
    is_word: bool = False
    is_common: bool = False


@cache
def brands() -> tuple[Brand, ...]:
    """The list of `brands.txt`."""
    return tuple(_read(BRANDS_FILE.read_text(encoding="utf-8")))


def imitates(label: str, brand: Brand) -> bool:
    """Whether `label` is read for the brand's name without being it."""
    if label == brand.name or skeleton(label) != skeleton(brand.name):
        return False
    if len(brand.name) >= SHORTEST_TO_IMITATE:
        return True
    return not label.isascii() or any(char.isdigit() for char in label)


def is_near(label: str, brand: Brand, harmless: Collection[str]) -> bool:
    """Whether one letter is missing, too many, another or in the wrong place, after the first."""
    if brand.is_word or brand.is_common or len(brand.name) < SHORTEST_TO_MISSPELL or label in harmless:
        return False
    return label[:1] == brand.name[0] and _is_one_edit_away(skeleton(label), skeleton(brand.name))


def bait_beside(label: str, brand: Brand, bait: Collection[str]) -> str:
    """The word of `bait` that stands with the brand's name in a label such as `paypal-secure` or `secureapple`."""
    if brand.is_common:
        return ""
    tokens = label.split("-")
    if brand.name in tokens:
        return next((token for token in tokens if token in bait), "")
    joined = label.replace("-", "")
    for rest in (joined.removeprefix(brand.name), joined.removesuffix(brand.name)):
        if rest != joined and rest in bait:
            return rest
    return ""


def is_named(label: str, brand: Brand) -> bool:
    """Whether the brand's name is a word of the label, or the whole of it."""
    if brand.is_word or brand.is_common:
        return False
    return brand.name in label.split("-") or brand.name == label.replace("-", "")


def _is_one_edit_away(one: str, other: str) -> bool:
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    start = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = short[:start] + short[start + 1 : start + 2] + short[start] + short[start + 2 :]
    return short[start + 1 :] == long[start + 1 :] or swapped == long


def _read(text: str) -> Iterator[Brand]:
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, *rest = line.split()
        domains = frozenset(one for one in rest if "." in one)
        yield Brand(name, domains, is_word="word" in rest, is_common="common" in rest)
