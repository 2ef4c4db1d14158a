"""The colour in which a domain's readers see the pages of ours that they are led to. Pure.

Contrast as WCAG 2.2 has it (success criterion 1.4.3): a ratio from 1 to 21.
"""

import re
from dataclasses import dataclass

LEAST_CONTRAST = 4.5
"""Of text of any size, level AA."""
DAY_GROUND, NIGHT_GROUND, NIGHT_INK = "#ffffff", "#1b212b", "#0b1320"
"""The ground of the pages by day; the lightest that they have by night; the words on a button by night."""
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_STEPS = 50


class ColourRefused(ValueError):
    """No colour, or one whose words nobody could read."""


@dataclass(frozen=True, slots=True)
class Shades:
    """The accent by day, which carries white words, and by night, which carries dark ones."""

    day: str
    night: str


def read_colour(text: str) -> str:
    """A colour as it is kept, "#1855ab". Raises ColourRefused for what cannot be read or is too light for white words.

    >>> read_colour(" #1855AB ")
    '#1855ab'
    """
    colour = text.strip().lower()
    colour = colour if colour.startswith("#") else "#" + colour
    if not _COLOUR.fullmatch(colour) or contrast(colour, DAY_GROUND) < LEAST_CONTRAST:
        raise ColourRefused(text)
    return colour


def shades(colour: str) -> Shades:
    """A kept colour for both themes: by night it is lightened until it stands out from the dark ground."""
    for step in range(_STEPS + 1):
        lighter = _mixed(colour, step / _STEPS)
        if min(contrast(lighter, NIGHT_GROUND), contrast(lighter, NIGHT_INK)) >= LEAST_CONTRAST:
            return Shades(colour, lighter)
    return Shades(colour, DAY_GROUND)


def contrast(first: str, second: str) -> float:
    """The ratio of two colours.

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(octet / 255) for octet in bytes.fromhex(colour[1:]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _mixed(colour: str, white: float) -> str:
    return "#" + "".join(f"{round(octet + (255 - octet) * white):02x}" for octet in bytes.fromhex(colour[1:]))
