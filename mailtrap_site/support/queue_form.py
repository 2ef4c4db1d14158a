"""What staff ask of the queue, and the sentences that say what it does."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import Account
from domains.models import SendingDomain
from sending.models import QueueOrder, Stream
from sending.protocol.address import AddressError, to_ascii_domain
from sending.queue.control import Scope

PAUSE = "pause"
VERBS = ((PAUSE, _("Pause")), *QueueOrder.Verb.choices)
CONSEQUENCES = {
    PAUSE: _("Nothing of it leaves until somebody resumes it, not even mail that is accepted from now on."),
    QueueOrder.Verb.HOLD: _("What waits now is held until somebody releases it. Mail accepted from now on leaves."),
    QueueOrder.Verb.RELEASE: _("What is held leaves; what a pause or a suspension stops is held again at once."),
    QueueOrder.Verb.CANCEL: _("It is never sent, and its accounts see it as cancelled. This cannot be undone."),
    QueueOrder.Verb.REQUEUE: _("What waits for a later try leaves at once. Receivers who asked us to wait may mind."),
}


class QueueForm(forms.Form):
    """A verb, the mail that it is about (all given fields together), and why."""

    verb = forms.ChoiceField(label=_("What to do"), choices=VERBS, widget=UnfoldAdminSelectWidget)
    account = forms.IntegerField(
        label=_("Account number"), required=False, min_value=1, widget=UnfoldAdminIntegerFieldWidget
    )
    domain = forms.CharField(
        label=_("Sending domain"), required=False, max_length=253, widget=UnfoldAdminTextInputWidget
    )
    stream = forms.ChoiceField(
        label=_("Stream"), required=False, choices=[("", _("Both")), *Stream.choices], widget=UnfoldAdminSelectWidget
    )
    destination = forms.CharField(
        label=_("Destination"), required=False, max_length=253, widget=UnfoldAdminTextInputWidget
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))

    def clean_account(self) -> int | None:
        account_id: int | None = self.cleaned_data["account"]
        if account_id is not None and not Account.objects.filter(pk=account_id).exists():
            raise forms.ValidationError(_("There is no account of this number."))
        return account_id

    def clean_destination(self) -> str:
        name: str = self.cleaned_data["destination"].strip()
        try:
            return to_ascii_domain(name) if name else ""
        except AddressError as problem:
            raise forms.ValidationError(_("This is no domain name.")) from problem

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not any(values.get(name) for name in ("account", "domain", "stream", "destination")):
            raise forms.ValidationError(_("Say which mail: an account, a sending domain, a stream or a destination."))
        if values.get("domain"):
            values["sending_domain"] = self._sending_domain(values)
        return values

    def _sending_domain(self, values: dict[str, Any]) -> SendingDomain | None:
        named = SendingDomain.objects.filter(name=values["domain"].strip().lower(), deleted_at=None)
        if values.get("account"):
            named = named.filter(account_id=values["account"])
        found = list(named[:2])
        if len(found) == 1:
            return found[0]
        several = _("Several accounts send from it: give the number of one as well.")
        self.add_error("domain", several if found else _("No account sends from a domain of this name."))
        return None

    def scope(self) -> Scope:
        """The mail that a valid form is about."""
        values = self.cleaned_data
        domain = values.get("sending_domain")
        return Scope(
            account_id=domain.account_id if domain else values["account"],
            domain_id=domain.pk if domain else None,
            stream=values["stream"] or None,
            destination=values["destination"] or None,
        )
