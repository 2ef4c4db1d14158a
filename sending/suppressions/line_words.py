"""What is wrong with a line of an import, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sending.protocol.address import SENTENCES, AddressReason
from sending.suppressions.import_lines import Wrong

_WORDS = {
    Wrong.UNREADABLE: gettext_lazy("The line cannot be read: a cell is too long, or a quotation mark is not closed."),
    Wrong.TYPE: gettext_lazy("This reason is not known. Use hard bounce, unsubscription, spam complaint or manual."),
    Wrong.STREAM: gettext_lazy("This stream is not known. Use transactional, bulk or any."),
    Wrong.DOMAIN: gettext_lazy("This is none of your sending domains. Add it, or leave the cell empty."),
}


def line_words(number: int, text: str, code: str, detail: str = "") -> tuple[int, str, str]:
    """The line's number, what stands there, and the reason as a sentence."""
    if code == Wrong.ADDRESS:
        return number, text, _(SENTENCES[AddressReason(detail)])
    return number, text, str(_WORDS[Wrong(code)])
