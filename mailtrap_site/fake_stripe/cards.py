"""The test cards, by the numbers that Stripe gave them. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """What becomes of payments by this card."""

    number: str
    words: str
    takes_first: bool
    """The payment while it is being typed in."""
    takes_later: bool
    asks_bank: bool = False
    """Its customer has to confirm each later payment on the invoice's page (3-D Secure)."""


CARDS = (
    Card("4242424242424242", "pays", takes_first=True, takes_later=True),
    Card("4000000000000002", "is declined", takes_first=False, takes_later=False),
    Card("4000002760003184", "pays now; later payments wait until you confirm them", True, False, asks_bank=True),
    Card("4000000000000341", "pays now and is declined later, at changes and renewals", True, takes_later=False),
)


def card_of(typed: str) -> Card | None:
    """The test card with this number, however it is spaced; None for any other, which nobody should type here."""
    digits = "".join(character for character in typed if character.isdigit())
    return next((card for card in CARDS if card.number == digits), None)
