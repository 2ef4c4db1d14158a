"""Which part of a name one owner answers for. Pure."""

from functools import cache

from publicsuffixlist import PublicSuffixList


def registered_name(ascii_name: str) -> str:
    """The name that somebody registered: `orders.shop.co.uk` → `shop.co.uk`, and `a.github.io` stays, since its
    neighbours are other people's. A suffix is its own."""
    return _suffixes().privatesuffix(ascii_name) or ascii_name


@cache
def _suffixes() -> PublicSuffixList:
    # With the private section, unlike `domains.names`: one tenant of a host must not answer for another.
    return PublicSuffixList()
