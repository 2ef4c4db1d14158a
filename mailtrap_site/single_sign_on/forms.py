"""What an owner fills in about the account's identity provider, and where people say their address."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Role, SingleSignOn
from accounts.single_sign_on import Wanted
from mailtrap_site.single_sign_on import saml_provider
from mailtrap_site.single_sign_on.discovery import NoProvider, issuer_of
from mailtrap_site.single_sign_on.offer import proved_domains

ROLES = [choice for choice in Role.choices if choice[0] not in (Role.OWNER, Role.LIMITED)]


class ProviderForm(forms.Form):
    """What is asked whatever the provider speaks."""

    protocol: SingleSignOn.Protocol
    own_fields: tuple[str, ...]
    """Of the row, as they were kept; they stand above the others."""

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
        self.kept = kept if kept is not None and kept.protocol == self.protocol else None
        initial = {"first_role": Role.VIEWER}
        if kept is not None:
            names = ("email_domains", "first_role", "is_enforced", *(self.own_fields if self.kept else ()))
            initial = {name: getattr(kept, name) for name in names}
        super().__init__(data, initial=initial)
        domains = self.fields["email_domains"]
        assert isinstance(domains, forms.MultipleChoiceField)
        domains.choices = [(name, name) for name in sorted(proved_domains(account))]

    def wanted(self) -> Wanted:
        raise NotImplementedError

    def _for_all(self) -> dict[str, Any]:
        values = {name: self.cleaned_data[name] for name in ("issuer", "email_domains", "is_enforced")}
        return values | {"first_role": Role(self.cleaned_data["first_role"]), "protocol": self.protocol}


class OpenIdForm(ProviderForm):
    """Cleaning asks the provider who it is."""

    protocol = SingleSignOn.Protocol.OPENID
    own_fields = ("issuer", "client_id")
    field_order = ("issuer", "client_id", "client_secret")

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

    def __init__(self, account: Account, kept: SingleSignOn | None, data: Any = None) -> None:
        super().__init__(account, kept, data)
        secret = self.fields["client_secret"]
        secret.required = self.kept is None
        if self.kept is not None:
            secret.help_text = _("Leave it empty to keep the one that is stored.")

    def clean_issuer(self) -> str:
        try:
            return issuer_of(self.cleaned_data["issuer"])
        except NoProvider as problem:
            raise forms.ValidationError(str(problem)) from problem

    def wanted(self) -> Wanted:
        own = {name: self.cleaned_data[name] for name in ("client_id", "client_secret")}
        return Wanted(**self._for_all(), **own)


class SamlForm(ProviderForm):
    """Metadata, or the three values that one takes from them."""

    protocol = SingleSignOn.Protocol.SAML
    own_fields = ("issuer", "sso_url")
    field_order = ("metadata", "issuer", "sso_url", "certificate")

    metadata = forms.CharField(
        label=gettext_lazy("Metadata"),
        required=False,
        max_length=saml_provider.MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=gettext_lazy("The provider’s XML. It fills in the three fields below, which may stay empty then."),
    )
    issuer = forms.CharField(label=gettext_lazy("Entity ID"), required=False, max_length=1024)
    sso_url = forms.CharField(
        label=gettext_lazy("Sign-in address"),
        required=False,
        max_length=1024,
        help_text=gettext_lazy("For HTTP-Redirect, such as https://login.example.com/saml."),
    )
    certificate = forms.CharField(
        label=gettext_lazy("Certificate"),
        required=False,
        max_length=saml_provider.MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=gettext_lazy("With which the provider signs, as PEM. Several may stand one after the other."),
    )

    def __init__(self, account: Account, kept: SingleSignOn | None, data: Any = None) -> None:
        super().__init__(account, kept, data)
        if self.kept is not None:
            self.initial["certificate"] = "".join(self.kept.certificates)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        lacking = [name for name in ("issuer", "sso_url", "certificate") if not found.get(name)]
        if not found.get("metadata") and lacking:
            for name in lacking:
                self.add_error(name, _("Fill this in, or paste the metadata."))
            return found
        try:
            self.provider = (
                saml_provider.from_metadata(found["metadata"])
                if found.get("metadata")
                else saml_provider.from_values(
                    found["issuer"], found["sso_url"], saml_provider.split_certificates(found["certificate"])
                )
            )
        except NoProvider as problem:
            self.add_error("metadata" if found.get("metadata") else None, str(problem))
        else:
            found["issuer"] = self.provider.entity_id
        return found

    def wanted(self) -> Wanted:
        sso_url, certificates = self.provider.sso_url, self.provider.certificates
        return Wanted(**self._for_all(), client_id="", client_secret="", sso_url=sso_url, certificates=certificates)


FORMS: dict[str, type[ProviderForm]] = {form.protocol: form for form in (OpenIdForm, SamlForm)}


class AddressForm(forms.Form):
    """Whose organisation is looked for."""

    email = forms.EmailField(
        label=gettext_lazy("Work email"), widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )
