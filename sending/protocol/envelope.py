"""What SMTP carries around a message (RFC 5321 2.3.1): reverse-path, recipients and the MAIL parameters."""

from dataclasses import dataclass

from sending.protocol.address import Address


@dataclass(frozen=True, slots=True)
class Envelope:
    """`mail_from` None is the null reverse-path; `size` is what MAIL declared (octets), None if it did not."""

    mail_from: Address | None
    recipients: tuple[Address, ...]
    body_8bit: bool = False
    smtputf8: bool = False
    size: int | None = None

    @property
    def needs_smtputf8(self) -> bool:
        """Whether an address of the envelope cannot be written without SMTPUTF8 (RFC 6531 3.4)."""
        addresses = self.recipients if self.mail_from is None else (self.mail_from, *self.recipients)
        return any(address.needs_smtputf8 for address in addresses)
