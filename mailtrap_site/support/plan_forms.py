"""What staff fill in about plans, limits and requests; each wants a reason, which the audit log keeps."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from billing.models import QuotaOverride
from billing.overrides import ALWAYS_LIMITED
from billing.plans import PLANS, Plan

LONGEST_GRACE = timedelta(days=90)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))


class LeavesStripeForm(forms.Form):
    """Agrees to end what is paid at Stripe; the field is there only where something is."""

    end_stripe = forms.BooleanField(
        label=_("End the subscription at Stripe now"), required=False, widget=UnfoldBooleanWidget
    )

    def __init__(self, *args: Any, pays: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not pays:
            del self.fields["end_stripe"]

    @property
    def ends_stripe(self) -> bool:
        """What a valid form agreed to."""
        return bool(self.cleaned_data.get("end_stripe"))


class GrantForm(ReasonForm):
    """One term, its value or none, and for how long."""

    PERIOD, OPEN = "period", "open"

    term = forms.ChoiceField(label=_("Limit"), choices=QuotaOverride.Term.choices, widget=UnfoldAdminSelectWidget)
    value = forms.IntegerField(label=_("New value"), required=False, min_value=0, widget=UnfoldAdminIntegerFieldWidget)
    no_limit = forms.BooleanField(label=_("No limit at all"), required=False, widget=UnfoldBooleanWidget)
    until = forms.ChoiceField(
        label=_("How long"),
        choices=[(PERIOD, _("Until this period ends")), (OPEN, _("Until it is taken back"))],
        initial=PERIOD,
        widget=UnfoldAdminRadioSelectWidget,
    )
    field_order = ("term", "value", "no_limit", "until", "reason")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if "value" not in values:
            return values
        if values["no_limit"] == (values["value"] is not None):
            self.add_error("value", _("Give a number, or tick “No limit at all”; not both."))
        elif values["no_limit"] and values.get("term") in ALWAYS_LIMITED:
            self.add_error("no_limit", _("This limit cannot be without a number."))
        return values


class AssignForm(LeavesStripeForm, ReasonForm):
    """A plan on offer."""

    plan = forms.ChoiceField(label=_("Plan"), widget=UnfoldAdminSelectWidget)
    field_order = ("plan", "end_stripe", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = self.fields["plan"]
        assert isinstance(plan, forms.ChoiceField)
        plan.choices = [(one.code, one.name) for one in PLANS.on_offer]

    @property
    def chosen(self) -> Plan:
        """The plan of a valid form."""
        return PLANS.newest(self.cleaned_data["plan"])


class OverageForm(ReasonForm):
    """Emails above the limit that were agreed otherwise than by card; zero for none."""

    emails = forms.IntegerField(
        label=_("Emails above the limit, each period"), min_value=0, widget=UnfoldAdminIntegerFieldWidget
    )
    field_order = ("emails", "reason")


class GraceForm(ReasonForm):
    """The last day (UTC) on which an unpaid plan still counts."""

    until = forms.DateField(
        label=_("Last day of the grace (UTC)"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )
    field_order = ("until", "reason")

    def clean_until(self) -> datetime:
        """The moment at which that day is over."""
        ends_at = datetime.combine(self.cleaned_data["until"], time(), UTC) + timedelta(days=1)
        if not timezone.now() < ends_at <= timezone.now() + LONGEST_GRACE:
            raise forms.ValidationError(_("Choose a day from today on, within 90 days."))
        return ends_at


class AnswerForm(LeavesStripeForm):
    """Yes or no, with the words that the customer reads."""

    GRANT, DECLINE = "grant", "decline"

    verdict = forms.ChoiceField(
        label=_("Answer"),
        choices=[(GRANT, _("Grant it")), (DECLINE, _("Decline it"))],
        widget=UnfoldAdminRadioSelectWidget,
    )
    answer = forms.CharField(
        label=_("What the customer reads"), max_length=1000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    field_order = ("verdict", "end_stripe", "answer")


class QuestionForm(forms.Form):
    """The words that answer a question."""

    answer = forms.CharField(
        label=_("What the customer reads"), max_length=1000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 6})
    )
