"""Tags are read as browsers read them where it matters, and any text is read in time that follows its length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.testing.growth import LINEAR, growth
from sending.protocol.html_tags import read_tags


def test_names_and_attributes_are_read_in_every_spelling():
    html = """<IMG SRC="a.png" alt='x > y' data-n=5 hidden><a
      href = https://a.test/?a=1&amp;b=2 >A</a><p><br/><img alt=""/></p>"""
    tags = [(tag.name, tag.attributes) for tag in read_tags(html)]
    assert tags == [
        ("img", {"src": "a.png", "alt": "x > y", "data-n": "5", "hidden": ""}),
        ("a", {"href": "https://a.test/?a=1&b=2"}),
        ("p", {}),
        ("br", {}),
        ("img", {"alt": ""}),
    ]


def test_the_first_of_equal_attributes_counts_and_comments_do_not():
    html = "<!-- <img src=old.png> --><img src=a src=b><!--[if mso]><img src=mso.png><![endif]--><!-- <p>"
    assert [(tag.name, tag.get("src")) for tag in read_tags(html)] == [("img", "a")]


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", '<a b="', "<a b='x' ", "a=", "<a" + " " * 50, "<a x=1 ", "-->"])
def test_what_never_ends_takes_time_in_proportion_to_its_length(piece):
    assert growth(lambda letters: list(read_tags(piece * (letters // len(piece)))), 400_000) < LINEAR


@given(st.text(alphabet="<>=\"'ab- !/&;\n", max_size=60))
def test_any_text_is_read(html):
    for tag in read_tags(html):
        assert tag.name == tag.name.lower()
