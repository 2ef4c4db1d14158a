"""Which scripts a label is written in, and which ASCII text it looks like (Unicode UTS 39, in the small).

Pure. The table holds the letters that names are imitated with; it is no copy of Unicode's whole list of confusables.
"""

import unicodedata

_LOOKS_LIKE = str.maketrans(
    {
        **dict(zip("аеорсухіјѕԁһӏԛԝѵгпвнмкт", "aeopcyxijsdhlqwvrnbhmkt", strict=True)),  # Cyrillic
        **dict(zip("αορνικυτηχωγβ", "aopvikutnxwyb", strict=True)),  # Greek
        **dict(zip("օոսհցգ", "onuhgq", strict=True)),  # Armenian
        **dict(zip("ıøđłħŧɑɡɩ", "iodlhtagi", strict=True)),  # Latin that decomposes into nothing simpler
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
    }
)
_READ_FOR_EACH_OTHER = str.maketrans("01345i", "oleasl")
_GROUPS_READ_AS_ONE = (("rn", "m"), ("vv", "w"), ("cl", "d"))

_WRITTEN_TOGETHER = (
    frozenset({"Latin", "Han", "Hiragana", "Katakana"}),
    frozenset({"Latin", "Han", "Bopomofo"}),
    frozenset({"Latin", "Han", "Hangul"}),
)
"""What honest names mix: UTS 39, section 5.2, "highly restrictive"."""

_NAMES = {"Cjk": "Han", "Katakana-Hiragana": "Katakana", "Fullwidth": "Latin", "Halfwidth": "Katakana"}


def looks_like(label: str) -> str:
    """The ASCII text that readers take a U-label for; letters that resemble none stay as they are."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", label.casefold()) if not unicodedata.combining(char))
    return bare.translate(_LOOKS_LIKE)


def skeleton(label: str) -> str:
    """Equal for two labels that are easily taken for each other: `rnicr0soft` and `microsoft`."""
    text = looks_like(label).translate(_READ_FOR_EACH_OTHER)
    for group, single in _GROUPS_READ_AS_ONE:
        text = text.replace(group, single)
    return text


def scripts_of(label: str) -> list[str]:
    """The scripts of a U-label's letters, by name; digits, hyphens and marks belong to none."""
    found = {_script(char) for char in label if unicodedata.category(char).startswith("L")}
    return sorted(found)


def is_mixed(label: str) -> bool:
    """Whether the label's scripts are never written together in honest words."""
    scripts = set(scripts_of(label))
    return len(scripts) > 1 and not any(scripts <= together for together in _WRITTEN_TOGETHER)


def _script(char: str) -> str:
    name = unicodedata.name(char, "unknown").split()[0].capitalize()
    return _NAMES.get(name.title(), _NAMES.get(name, name))
