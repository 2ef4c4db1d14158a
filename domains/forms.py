"""The forms of sending domains: adding one, where a refused name becomes the field's error, and sharing its set-up."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from domains.names import NOTES, REFUSALS, NameRefusal, Note


class DomainForm(forms.Form):
    """Takes whatever a person types; `domains.names` reads it."""

    name = forms.CharField(
        label=_("Domain"),
        max_length=500,
        help_text=_("The part after the @ of your From address. Each subdomain is added on its own."),
        error_messages={"required": _("A domain name is missing. Enter one such as shop.example.")},
    )

    is_plan_full = False
    """Whether the plan has no room for another domain, which no other name would help."""

    def refuse(self, refusal: NameRefusal) -> None:
        """Show why the name was refused."""
        self.is_plan_full = refusal.code == "plan_full"
        self.add_error("name", refusal_sentence(refusal))


class ShareForm(forms.Form):
    """Who gets the records; `domains.sharing` reads the rest of what it takes."""

    email = forms.CharField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput,
        help_text=_("Of whoever keeps the DNS of this domain. They need no account here."),
        error_messages={"required": _("An address is missing. Enter one such as dns@example.com.")},
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Optional. It stands in the letter; links are left to us."),
    )


def refusal_sentence(refusal: NameRefusal) -> str:
    """The reason in the reader's language."""
    return gettext(REFUSALS[refusal.code]) % refusal.params


def note_sentence(note: Note) -> str:
    """What we put right, in the reader's language."""
    return gettext(NOTES[note.code]) % note.params
