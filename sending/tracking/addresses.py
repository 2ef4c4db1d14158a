"""What is kept of a reader's IP address, and what is shown of the mail address. Pure."""

import ipaddress

FULL, TRUNCATED, NONE = "full", "truncated", "none"
"""The choices of a sending domain, as `SendingDomain.RecipientIps` writes them."""
_PREFIXES = {4: 24, 6: 48}


def kept_ip(client_ip: str, choice: str) -> str | None:
    """The address as the domain wants it kept; None for nothing, and for what is no address.

    >>> kept_ip("192.0.2.77", "truncated"), kept_ip("2001:db8:1:2::3", "truncated")
    ('192.0.2.0', '2001:db8:1::')
    """
    try:
        address = ipaddress.ip_address(client_ip)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if choice == FULL:
        return str(address)
    if choice == TRUNCATED:
        return str(ipaddress.ip_network((address, _PREFIXES[address.version]), strict=False).network_address)
    return None


def masked(address: str) -> str:
    """A mail address by which its holder knows it, and others hardly: a link may have been forwarded.

    >>> masked("ann.olsen@far.test"), masked("al@far.test")
    ('a…n@far.test', '…@far.test')
    """
    local, _at, domain = address.rpartition("@")
    return f"{local[0]}…{local[-1]}@{domain}" if len(local) > 2 else f"…@{domain}"
