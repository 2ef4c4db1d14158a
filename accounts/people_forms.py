"""What is filled in about people: who is invited, what a member may do, who owns the account."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Invitation, Membership, Role
from accounts.people import Rights, domain_scopes
from accounts.scopes import ADMIN, READ

ROLE_WORDS = {
    Role.ADMIN: _("Admin: everything but the plan and who owns the account"),
    Role.VIEWER: _("Viewer: looks at everything, changes nothing"),
    Role.BILLING: _("Billing: the plan, invoices and usage, and no mail"),
    Role.LIMITED: _("Some domains: those that you choose below, and nothing else"),
}
LEVEL_WORDS = [("", _("No access")), (str(READ), _("Viewer")), (str(ADMIN), _("Admin"))]
_DOMAIN = "domain_"


class RightsForm(forms.Form):
    """A role, whether a viewer reads content, and a level for each domain of the account."""

    role = forms.ChoiceField(
        label=_("Role"),
        widget=forms.RadioSelect,
        error_messages={"required": _("A role is missing. Choose what this person may do.")},
    )
    sees_content = forms.BooleanField(
        label=_("May read what is written in emails"),
        required=False,
        help_text=_("For viewers. Admins and owners always may; the billing role never does."),
    )

    def __init__(self, account: Account, data: Any = None, *, now: Membership | Invitation | None = None) -> None:
        levels = {scope["resource_id"]: scope["access_level"] for scope in now.scopes} if now else {}
        initial: dict[str, Any] = {"role": Role.VIEWER}
        if now is not None:
            initial = {"role": now.role, "sees_content": now.sees_content}
        super().__init__(data, initial=initial)
        domains = list(_domains(account))
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [(one.value, word) for one, word in ROLE_WORDS.items() if domains or one is not Role.LIMITED]
        for pk, name in domains:
            self.fields[f"{_DOMAIN}{pk}"] = forms.ChoiceField(
                label=name,
                choices=LEVEL_WORDS,
                required=False,
                initial=str(levels.get(pk, "")),
                widget=forms.Select(attrs={"class": "select"}),
            )

    @property
    def domain_fields(self) -> list[forms.BoundField]:
        """One for each domain."""
        return [self[name] for name in self.fields if name.startswith(_DOMAIN)]

    @property
    def rights(self) -> Rights:
        """What a form that is valid grants."""
        values = self.cleaned_data
        chosen = [(int(name.removeprefix(_DOMAIN)), values[name]) for name in values if name.startswith(_DOMAIN)]
        levels = [(domain_id, int(level)) for domain_id, level in chosen if level]
        role = Role(values["role"])
        sees_content = values["sees_content"] and role in (Role.VIEWER, Role.LIMITED)
        return Rights(role, domain_scopes(levels) if role is Role.LIMITED else (), sees_content)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("role") == Role.LIMITED and not self.rights.scopes:
            self.add_error("role", _("No domain is chosen. Say for at least one what this person may do there."))
        return values


class InvitationForm(RightsForm):
    """The address, beside the rights."""

    email = forms.EmailField(
        label=_("Email address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("An address is missing. Type that of the person you invite.")},
    )
    field_order = ("email",)


class OwnershipForm(forms.Form):
    """Whether the giver stays an owner."""

    keeps = forms.TypedChoiceField(
        label=_("And you"),
        choices=[("no", _("become an admin: the account is handed over")), ("yes", _("stay an owner beside them"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        initial="no",
    )


class AccountForm(forms.Form):
    """The name of a further account."""

    name = forms.CharField(
        label=_("Name of the account"),
        max_length=150,
        help_text=_("That of a company, a client or a project. It has its own domains, tokens, mail and plan."),
        error_messages={"required": _("The account needs a name. Type one.")},
    )


def _domains(account: Account) -> Any:
    """(id, name) by name. The rows are those of an app above this one, reached by the account."""
    own = account.domains.filter(deleted_at=None)  # type: ignore[attr-defined, unused-ignore]
    return own.order_by("name").values_list("pk", "name")
