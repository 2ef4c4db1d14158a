"""Whose mail from where: what tracking is opted out of. Pure."""

from typing import NamedTuple


class Place(NamedTuple):
    """One address as a recipient of one domain; `email` as `suppressions.same_address` writes it."""

    account_id: int
    domain_id: int
    email: str
