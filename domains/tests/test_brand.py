"""A sender's colour: kept where white words can be read on it, and lightened for the night."""

import pytest

from domains.brand import DAY_GROUND, NIGHT_GROUND, NIGHT_INK, ColourRefused, contrast, read_colour, shades


@pytest.mark.parametrize("text", ["#8A1C5A", "8a1c5a", " #8a1c5a "])
def test_a_colour_is_written_one_way(text: str) -> None:
    assert read_colour(text) == "#8a1c5a"


@pytest.mark.parametrize("text", ["", "#", "#fff", "red", "#12345g", "#777778", "#ffff00", "#8a1c5a;x", "#８a1c5a"])
def test_what_is_no_colour_or_too_light_is_refused(text: str) -> None:
    with pytest.raises(ColourRefused):
        read_colour(text)


@pytest.mark.parametrize("colour", ["#000000", "#1855ab", "#8a1c5a", "#00529b", "#767676", "#b00020", "#0000ff"])
def test_both_themes_can_be_read(colour: str) -> None:
    made = shades(read_colour(colour))
    assert contrast(made.day, DAY_GROUND) >= 4.5
    assert min(contrast(made.night, NIGHT_GROUND), contrast(made.night, NIGHT_INK)) >= 4.5
