"""What replies of one cause have in common: the exchanger's operator, the code and the words, with what differs between
recipients and moments left out. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Cause(NamedTuple):
    """`site` is the exchanger's name without its first label, so that the many machines of one operator are one."""

    site: str
    code: str
    words: str


def cause_of(details: Mapping[str, Any]) -> Cause:
    """The cause that an event's details tell."""
    said = str(details.get("email_service_provider_response") or "").lower()
    code = details.get("response_code")
    site = str(details.get("recipient_mx") or "").partition(".")[2]
    return Cause(site, str(code), " ".join(word for word in said.split() if is_plain(word)))


def is_plain(word: str) -> bool:
    """Whether other replies of the same cause have the word too: it is no address, number or id."""
    return "@" not in word and not any(sign.isdigit() for sign in word)
