"""Links that recipients follow: what is sealed comes back, and nothing else is believed."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol import recipient_links as links
from sending.protocol.recipient_links import Purpose, RecipientRef

KEY, OTHER = b"k" * links.KEY_OCTETS, b"o" * links.KEY_OCTETS
RECIPIENT_PURPOSES = [Purpose.UNSUBSCRIBE, Purpose.TRACKING_OPT_OUT]


@given(st.uuids(), st.binary(min_size=1, max_size=3000))
def test_a_target_comes_back_byte_for_byte_also_after_the_key_was_replaced(message_id, target):
    token = links.seal_click(message_id, target, KEY)
    assert links.read_click(token, [OTHER, KEY]) == (message_id, target)
    assert token == links.seal_click(message_id, target, KEY)
    assert links.read_click(token, [OTHER]) is None


@given(st.uuids(), st.integers(1, 2**62), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_recipient_comes_back_and_is_not_to_be_read_in_the_token(message_id, domain_id, address):
    ref = RecipientRef(message_id, domain_id, "bulk", address)
    for purpose in RECIPIENT_PURPOSES:
        assert links.read_recipient(purpose, links.seal_recipient(purpose, ref, KEY), [KEY]) == ref


def test_a_token_serves_its_own_purpose_alone():
    ref = RecipientRef(uuid.uuid4(), 7, "bulk", "ann@far.test")
    token = links.seal_recipient(Purpose.UNSUBSCRIBE, ref, KEY)
    assert links.read_recipient(Purpose.TRACKING_OPT_OUT, token, [KEY]) is None
    assert links.read_click(token, [KEY]) is None
    assert links.read_open(links.seal_click(ref.message_id, b"x", KEY), [KEY]) is None


@pytest.mark.parametrize("token", ["", "x", "!", "ä" * 43, "A" * 43, "A" * 44, "A" * 100_000, "%00"])
def test_what_we_did_not_seal_is_nothing(token):
    assert links.read_open(token, [KEY]) is None
    assert links.read_click(token, [KEY]) is None


def test_one_changed_character_is_noticed_wherever_it_stands():
    message_id = uuid.uuid4()
    token = links.seal_open(message_id, KEY)
    assert links.read_open(token, [KEY]) == message_id
    for place in range(len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert links.read_open(changed, [KEY]) is None
