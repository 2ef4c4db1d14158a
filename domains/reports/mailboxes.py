"""Where reports come in: the mailboxes of the platform's domain that records of customers name. Pure."""

DMARC_MAILBOX = "dmarc"
TLS_MAILBOX = "tlsrpt"
MAILBOXES = frozenset({DMARC_MAILBOX, TLS_MAILBOX})
"""A report is told by its content: one that comes to the wrong mailbox of the two is taken all the same."""


def dmarc_address(platform_domain: str) -> str:
    """For `rua=mailto:` of a DMARC record."""
    return f"{DMARC_MAILBOX}@{platform_domain}"


def tls_address(platform_domain: str) -> str:
    """For `rua=mailto:` of a `_smtp._tls` record (RFC 8460 section 3)."""
    return f"{TLS_MAILBOX}@{platform_domain}"
