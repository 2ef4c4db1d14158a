"""What of ours is put into a mail, as it was settled when the mail was accepted: stored as JSON with its submission."""

from functools import lru_cache

import msgspec


class Additions(msgspec.Struct, frozen=True, omit_defaults=True):
    """`base` is scheme and host of all addresses of ours in it.

    `feedback_id` is that of bulk mail, which gets the fields of a list; empty for all other mail. `sender` is a line
    about who sends it, for the footer.
    """

    base: str
    opens: bool = False
    clicks: bool = False
    unsubscribe_footer: bool = False
    """A link to unsubscribe is added where the mail has none."""
    opt_out_footer: bool = False
    """A link that ends the tracking is added where the mail has none."""
    feedback_id: str = ""
    sender: str = ""

    @property
    def are_of_a_list(self) -> bool:
        return bool(self.feedback_id)

    @property
    def change_bodies(self) -> bool:
        """Whether more than placeholders is put into text and HTML."""
        return self.opens or self.clicks or self.unsubscribe_footer or self.opt_out_footer

    def untracked(self) -> "Additions":
        """For those who are not to be tracked."""
        return msgspec.structs.replace(self, opens=False, clicks=False, opt_out_footer=False)


@lru_cache(maxsize=4096)
def to_text(additions: Additions) -> str:
    return msgspec.json.encode(additions).decode()


@lru_cache(maxsize=4096)
def from_text(text: str) -> Additions:
    """Raises msgspec.ValidationError for what `to_text` did not make."""
    return msgspec.json.decode(text, type=Additions)
