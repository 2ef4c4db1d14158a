"""What people fill in about themselves and their tokens."""

from typing import Any, ClassVar

from allauth.account.forms import SignupForm
from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.middleware import zone_names
from accounts.models import ApiToken, User
from accounts.signup import open_account


class SignUpForm(SignupForm):
    """Name, email and password; saving makes the user and an account of theirs in one transaction."""

    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    field_order: ClassVar[list[str]] = ["name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Work email")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def save(self, request: HttpRequest) -> User:
        with transaction.atomic():
            user: User = super().save(request)
            open_account(user, request=request)
        return user


class TokenForm(forms.ModelForm):
    """The name that tells a token from the others, and a limit of its own."""

    class Meta:
        model = ApiToken
        fields: ClassVar[list[str]] = ["name", "emails_per_month"]
        labels: ClassVar[dict[str, Any]] = {
            "name": _("Name of the token"),
            "emails_per_month": _("Most emails a month (optional)"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "name": _("Say where it will be used, such as “Shop, production”."),
            "emails_per_month": _("More is refused to this token. Leave it empty for no limit beside the plan's."),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "name": {"required": _("The token needs a name, so that you can tell it from the others. Type one.")}
        }


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
