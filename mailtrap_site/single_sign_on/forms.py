"""What an owner fills in about the account's identity provider, and where people say their address."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Role, SingleSignOn
from accounts.single_sign_on import Wanted
from mailtrap_site.single_sign_on.discovery import NoProvider, issuer_of
from mailtrap_site.single_sign_on.offer import proved_domains

ROLES = [choice for choice in Role.choices if choice[0] not in (Role.OWNER, Role.LIMITED)]


class ProviderForm(forms.Form):
    """Cleaning asks the provider who it is."""

    issuer = forms.URLField(
        label=gettext_lazy("Issuer"),
        max_length=500,
        assume_scheme="https",
        help_text=gettext_lazy("The provider’s address, such as https://login.example.com/tenant."),
    )
    client_id = forms.CharField(label=gettext_lazy("Client ID"), max_length=255)
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    email_domains = forms.MultipleChoiceField(
        label=gettext_lazy("Addresses of these domains"), widget=forms.CheckboxSelectMultiple
    )
    first_role = forms.ChoiceField(label=gettext_lazy("Role at the first sign-in"), choices=ROLES)
    is_enforced = forms.BooleanField(
        label=gettext_lazy("Members with these addresses sign in this way only"),
        required=False,
        help_text=gettext_lazy("Owners may still use a password, so that a broken provider locks nobody out."),
    )

    def __init__(self, account: Account, kept: SingleSignOn | None, data: Any = None) -> None:
        initial = {}
        if kept is not None:
            names = ("issuer", "client_id", "email_domains", "first_role", "is_enforced")
            initial = {name: getattr(kept, name) for name in names}
        super().__init__(data, initial=initial or {"first_role": Role.VIEWER})
        domains = self.fields["email_domains"]
        assert isinstance(domains, forms.MultipleChoiceField)
        domains.choices = [(name, name) for name in sorted(proved_domains(account))]
        secret = self.fields["client_secret"]
        secret.required = kept is None
        if kept is not None:
            secret.help_text = _("Leave it empty to keep the one that is stored.")

    def clean_issuer(self) -> str:
        try:
            return issuer_of(self.cleaned_data["issuer"])
        except NoProvider as problem:
            raise forms.ValidationError(str(problem)) from problem

    def wanted(self) -> Wanted:
        values = dict(self.cleaned_data)
        return Wanted(**{**values, "first_role": Role(values["first_role"])})


class AddressForm(forms.Form):
    """Whose organisation is looked for."""

    email = forms.EmailField(
        label=gettext_lazy("Work email"), widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )
