"""Return paths lead a bounce back to its message and prove that we made them."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.address import parse_address
from sending.protocol.return_path import decode, decode_unsubscribe, encode, encode_unsubscribe

KEY = b"k" * 32
MESSAGE_ID = UUID("0198f000-0000-7000-8000-000000000001")


@given(st.uuids(), st.binary(min_size=1, max_size=64))
def test_a_return_path_brings_back_its_message_in_any_case(message_id, key):
    local = encode(message_id, key)
    assert len(local) <= 64
    assert local == local.lower()
    assert str(parse_address(f"{local}@bounce.test").local) == local
    assert decode(local, key) == message_id
    assert decode(local.upper(), key) == message_id
    assert decode(local, key + b"x") is None


@pytest.mark.parametrize("position", range(44))
def test_no_character_can_be_changed(position):
    local = encode(MESSAGE_ID, KEY)
    for other in "abcdefghijklmnopqrstuvwxyz234567-":
        if other != local[position]:
            assert decode(local[:position] + other + local[position + 1 :], KEY) is None


@pytest.mark.parametrize(
    "local", ["", "b-", "bounce", "b-" + "a" * 41, "b-" + "a" * 43, "b-" + "1" * 42, "b-" + "ı" * 42]
)
def test_other_local_parts_belong_to_no_message(local):
    assert decode(local, KEY) is None


@given(st.uuids())
def test_an_address_to_unsubscribe_by_mail_is_no_return_path(message_id):
    local = encode_unsubscribe(message_id, KEY)
    assert local.startswith("u-")
    assert len(local) == 44
    assert decode_unsubscribe(local.upper(), KEY) == message_id
    assert decode_unsubscribe(local, KEY + b"x") is None
    assert decode(local, KEY) is None
    assert decode("b" + local[1:], KEY) is None
    assert decode_unsubscribe(encode(message_id, KEY), KEY) is None
