"""What people fill in about themselves."""

from typing import Any, ClassVar

from allauth.account.forms import SignupForm
from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.disposable import is_disposable
from accounts.invitations import accept_at_sign_up
from accounts.middleware import zone_names
from accounts.models import User
from accounts.signup import open_account


class SignUpForm(SignupForm):
    """Name, email and password; saving makes the user and an account of theirs in one transaction, or lets them
    into the account to which they were invited."""

    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    field_order: ClassVar[list[str]] = ["name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Work email")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def clean_email(self) -> str:
        """Refuses throw-away mailboxes: whoever sends mail for a living is reached next year too."""
        email: str = super().clean_email()
        if is_disposable(email.rpartition("@")[2]):
            raise forms.ValidationError(_("This is a throw-away mailbox. Give an address that you keep."))
        return email

    def save(self, request: HttpRequest) -> User:
        with transaction.atomic():
            user: User = super().save(request)
            if not accept_at_sign_up(request, user):
                open_account(user, request=request)
        return user


class ProfileForm(forms.ModelForm):
    """Name and time zone."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("Times on all pages are shown in this zone.")
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["name", "time_zone"]
        labels: ClassVar[dict[str, Any]] = {"name": _("Your name")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = [("", _("The same as this browser")), *((name, name) for name in _places())]


def _places() -> list[str]:
    """Zones named after places, and UTC; not the old abbreviations."""
    continents = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return ["UTC", *sorted(name for name in zone_names() if name.startswith(continents))]
