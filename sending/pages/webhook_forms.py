"""The forms of webhooks: their settings, how long both secrets are good, and what is sent again."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from domains.models import SendingDomain
from domains.names import display_name
from sending.models import Stream, WebhookEndpoint
from sending.webhooks.endpoints import BLANK, INVALID, Refused, Wanted, may_hear_audit_log
from sending.webhooks.payloads import EVENT_TYPES
from sending.webhooks.posting import HIDDEN

EVENT_WORDS = {
    "delivery": _("Delivered: the receiving server took it"),
    "soft_bounce": _("Soft bounce: refused for now, tried again"),
    "bounce": _("Bounced: it cannot be delivered"),
    "suspension": _("Held: it may not leave for now"),
    "unsubscribe": _("Unsubscribed"),
    "open": _("Opened"),
    "spam_complaint": _("Marked as spam"),
    "click": _("Clicked a link"),
    "reject": _("Rejected: we did not send it"),
}
_SAID = {
    BLANK: _("Choose at least one; without, this webhook would be told nothing."),
    INVALID: _("This is not one of the choices. Choose again."),
}
_FIELDS = {
    "webhook_type": "type",
    "payload_format": "format",
    "sending_stream": "stream",
    "domain_id": "domain",
    "base": None,
}


class WebhookForm(forms.Form):
    """The settings; with an `endpoint` its type stays, and a password that is not shown is kept."""

    url = forms.CharField(
        label=_("URL"),
        required=False,
        strip=True,
        help_text=_("We post to it. With https://user:password@… we sign in by HTTP Basic."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    type = forms.ChoiceField(
        label=_("What it is told"), choices=WebhookEndpoint.Type.choices, widget=forms.RadioSelect, required=False
    )
    stream = forms.ChoiceField(
        label=_("Stream"),
        choices=Stream.choices,
        widget=forms.RadioSelect,
        required=False,
        initial=Stream.TRANSACTIONAL,
    )
    domain = forms.TypedChoiceField(label=_("Domain"), required=False, coerce=int, empty_value=None)
    event_types = forms.MultipleChoiceField(
        label=_("Events"), choices=list(EVENT_WORDS.items()), widget=forms.CheckboxSelectMultiple, required=False
    )
    format = forms.ChoiceField(
        label=_("Format"),
        choices=WebhookEndpoint.Format.choices,
        widget=forms.RadioSelect,
        required=False,
        help_text=_("JSON: one object with up to 500 events. JSON Lines: one event a line."),
    )

    def __init__(
        self,
        account: Account,
        data: Any = None,
        endpoint: WebhookEndpoint | None = None,
        *,
        domain_ids: Collection[int] | None = None,
    ) -> None:
        self._endpoint = endpoint
        super().__init__(data, initial=_initial(endpoint))
        domains = SendingDomain.objects.filter(account=account, deleted_at=None).order_by("name")
        if domain_ids is not None:
            domains = domains.filter(pk__in=domain_ids)
        names = [(pk, display_name(name)) for pk, name in domains.values_list("pk", "name")]
        self.domain_field.choices = [*([("", _("All domains of the account"))] if domain_ids is None else []), *names]
        self.domain_field.required = domain_ids is not None
        self.hears_audit_log = endpoint is not None and endpoint.type == WebhookEndpoint.Type.AUDIT_LOG
        if endpoint is not None or domain_ids is not None or not may_hear_audit_log(account):
            del self.fields["type"]
        if self.hears_audit_log:
            for name in ("stream", "domain", "event_types"):
                del self.fields[name]

    @property
    def domain_field(self) -> Any:
        return self.fields["domain"]

    def wanted(self) -> Wanted:
        """What a form that is valid asks for."""
        values = self.cleaned_data
        url: str = values.get("url", "")
        return Wanted(
            url=_with_password(url, self._endpoint.url) if self._endpoint else url,
            webhook_type=values.get("type") or WebhookEndpoint.Type.EMAIL_SENDING,
            payload_format=values.get("format") or WebhookEndpoint.Format.JSON,
            sending_stream=values.get("stream") or "",
            domain_id=values.get("domain"),
            event_types=values.get("event_types") or (),
        )

    def refuse(self, refused: Refused) -> None:
        """Says beside each field what does not stand."""
        for field, sentences in refused.errors.items():
            name = _FIELDS.get(field, field)
            said: Any = sentences[0]
            if name == "url" and said == BLANK:
                said = _("A URL is missing. Enter one such as https://shop.example/hooks/mail.")
            self.add_error(name if name in self.fields else None, _SAID.get(said, said))


class SecretForm(forms.Form):
    """How long the old secret stays good beside the new one."""

    overlap = forms.TypedChoiceField(
        label=_("The old secret"),
        coerce=int,
        choices=[
            (24, _("signs for 24 more hours, beside the new one")),
            (168, _("signs for 7 more days, beside the new one")),
            (0, _("ends now: I have lost it, or somebody else has it")),
        ],
        initial=24,
        widget=forms.RadioSelect,
    )

    @property
    def hours(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["overlap"])


class ReplayForm(forms.Form):
    """Since an event, or between two moments."""

    since = forms.UUIDField(
        label=_("Since the event"),
        required=False,
        help_text=_("The event_id of the first one that you miss. All that followed it is sent again as well."),
        error_messages={"invalid": _("This is no event_id. It has 36 characters, such as 019aa1c4-….")},
    )
    begin = forms.DateTimeField(
        label=_("Or from"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    end = forms.DateTimeField(
        label=_("Until"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        whole = values.get("begin") and values.get("end")
        if self.errors:
            return values
        if not values.get("since") and not whole:
            raise forms.ValidationError(_("Enter an event_id, or both a beginning and an end."))
        if whole and values["end"] <= values["begin"]:
            self.add_error("end", _("The end lies before the beginning. Choose a later one."))
        return values


def _initial(endpoint: WebhookEndpoint | None) -> dict[str, Any]:
    if endpoint is None:
        return {
            "type": WebhookEndpoint.Type.EMAIL_SENDING,
            "format": WebhookEndpoint.Format.JSON,
            "event_types": [word for word in EVENT_TYPES if word not in ("open", "click")],
        }
    return {
        "url": endpoint.shown_url,
        "stream": endpoint.stream,
        "domain": endpoint.domain_id or "",
        "event_types": endpoint.event_types,
        "format": endpoint.format,
    }


def _with_password(url: str, kept: str) -> str:
    """The URL with the password that was hidden, if user and host are still the same: no other host is told it."""
    try:
        new, old = urlsplit(url), urlsplit(kept)
        same = (new.username, new.hostname, new.port) == (old.username, old.hostname, old.port)
    except ValueError:
        return url
    if new.password != HIDDEN or not same or new.scheme != old.scheme:
        return url
    return new._replace(netloc=old.netloc).geturl()
