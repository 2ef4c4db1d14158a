"""What customers fill in about plans and limits."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.overrides import MOST
from billing.plans import PLANS, Plan
from mailtrap_site.web.wording import figure_words


class SizeRequestForm(forms.Form):
    """Why an account needs larger messages."""

    reason = forms.CharField(
        label=_("What do you send?"),
        max_length=1000,
        help_text=_("Such as “Signed contracts as PDF, up to 20 MB, some 50 a day”. Our staff read it."),
        error_messages={"required": _("A reason is missing. Say what you send, and how much of it.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class PlanRequestForm(forms.Form):
    """Which plan, and why. The page that shows the plans gives `plan`: `PlanRequestForm(initial={"plan": code})`."""

    plan = forms.ChoiceField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("What do you need it for?"),
        max_length=1000,
        help_text=_("How many emails you expect a month, and of what kind. Our staff read it."),
        error_messages={"required": _("A reason is missing. Say how many emails you expect.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = self.fields["plan"]
        assert isinstance(plan, forms.ChoiceField)
        plan.choices = [(one.code, one.name) for one in PLANS.on_offer]

    @property
    def wanted(self) -> Plan:
        """The plan of a valid form."""
        return PLANS.newest(self.cleaned_data["plan"])


class OverageForm(forms.Form):
    """How many emails above the limit of `plan` are paid for; zero for none."""

    emails = forms.IntegerField(
        label=_("Emails above the limit"),
        min_value=0,
        error_messages={
            "required": _("A number is missing. Zero stops mail at the limit."),
            "invalid": _("This is not a whole number."),
            "min_value": _("The number cannot be below zero. Zero stops mail at the limit."),
        },
    )

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._most = plan.most_overage
        self.fields["emails"].widget.attrs["max"] = self._most

    def clean_emails(self) -> int:
        emails: int = self.cleaned_data["emails"]
        if emails > self._most:
            most = figure_words(self._most)
            raise forms.ValidationError(_("The plan offers no more than %(most)s.") % {"most": most})
        return emails


class CapForm(forms.Form):
    """The most emails a month of one sub-account; empty for no cap."""

    cap = forms.IntegerField(
        label=_("Cap of emails a month"),
        required=False,
        min_value=0,
        max_value=MOST,
        widget=forms.NumberInput(attrs={"class": "input", "placeholder": _("no cap")}),
        error_messages={
            "invalid": _("This is not a whole number."),
            "min_value": _("A cap cannot be below zero. Leave it empty for none."),
            "max_value": _("This number is out of range. Leave it empty for no cap."),
        },
    )


class SubAccountForm(CapForm):
    """A new account that shares the plan."""

    name = forms.CharField(
        label=_("Name of the sub-account"),
        max_length=150,
        help_text=_("That of a brand, a client or a team. It has its own domains, tokens, people and log."),
        error_messages={"required": _("The sub-account needs a name. Type one.")},
    )
    field_order = ("name", "cap")

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self.fields["cap"].help_text = _("Of the emails that all share. Leave it empty for no cap.")
