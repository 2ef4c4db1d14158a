"""Text that was cut within an emoji."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.testing.growth import LINEAR, growth
from sending.api.send.body.half_surrogates import MOST_SURROGATES, mend

HALVES = st.text(st.sampled_from('a\\"\ud83d\ude00\udbff\udc00\ud800é'), max_size=12)


@given(HALVES)
def test_each_half_becomes_one_replacement_and_nothing_else_changes(text):
    """Python's own decoder, which lets halves pass, says what is meant."""
    meant = json.loads(json.dumps(text))
    read = json.loads(mend(json.dumps(text).encode()))
    assert read == re.sub("[\ud800-\udfff]", "\ufffd", meant)


def test_a_body_of_nothing_else_takes_no_time():
    assert growth(lambda halves: mend(rb'"%b"' % (rb"\ud83d" * halves)), 10 * MOST_SURROGATES) < LINEAR
