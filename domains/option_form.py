"""The form of a domain's settings; what `domains.options` does not allow becomes the field's error."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from domains.models import SendingDomain
from domains.options import STREAMS, SWITCHES, OptionInvalid, Problem

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: dict[tuple[str, Problem], str | Promise] = {
    ("click_tracking_enabled", Problem.NOT_IN_PLAN): _("Your plan does not include click tracking."),
    ("custom_domain_tracking_enabled", Problem.NOT_IN_PLAN): _("Your plan does not include links under your own name."),
    ("custom_domain_tracking_enabled", Problem.NO_LINK_RECORD): _(
        "The CNAME record mt-link was not found yet. Publish it as the set-up page shows, then check the domain there."
    ),
    ("alert_recipient", Problem.INVALID): _("This is no email address. Write one such as ops@shop.example."),
}


def _switch(label: "_StrPromise", help_text: "_StrPromise") -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=help_text, required=False)


class SettingsForm(forms.Form):
    """One field an option. `SettingsForm.showing(domain)` is filled with what stands."""

    open_tracking_enabled = _switch(
        _("Open tracking"),
        _("A small image in HTML emails shows when they are opened. Many mail apps load it unasked."),
    )
    click_tracking_enabled = _switch(
        _("Click tracking"), _("Links in HTML emails lead through this service, which counts the clicks.")
    )
    custom_domain_tracking_enabled = _switch(
        _("Links under your own name"), _("Tracked links and the image carry mt-link and your domain instead of ours.")
    )
    tracking_opt_out_enabled = _switch(
        _("Let readers opt out"), _("Emails that are tracked end with a link by which a reader stops the tracking.")
    )
    auto_unsubscribe_link_enabled = _switch(
        _("Unsubscribe link in transactional mail"),
        _("Added at the end where the HTML has none, such as for notices that a reader may stop."),
    )
    require_tls = _switch(
        _("Require TLS"),
        _(
            "Mail goes out encrypted or not at all: while a receiving server offers no TLS it waits, and it bounces "
            "in the end."
        ),
    )
    transactional = _switch(
        _("Pause transactional mail"), _("It is accepted and held, and leaves in its order when you go on.")
    )
    bulk = _switch(_("Pause bulk mail"), _("It is accepted and held as well. The other stream goes on."))
    critical_alerts_enabled = _switch(
        _("Critical alerts"), _("When more than 5 % bounces or 0.1 % is marked as spam; we look every three hours.")
    )
    health_alerts_enabled = _switch(
        _("Weekly summary"), _("On Mondays: how mail of this domain fared, and what to look at.")
    )
    alert_recipient = forms.CharField(
        label=_("Send alerts to"),
        required=False,
        max_length=254,
        help_text=_("Empty: the owners and admins of the account."),
        widget=forms.EmailInput,
    )

    @classmethod
    def showing(cls, domain: SendingDomain) -> "SettingsForm":
        kept = {name: getattr(domain, name) for name in (*SWITCHES, "alert_recipient")}
        return cls(initial=kept | {stream: stream in domain.suspended_streams for stream in STREAMS})

    @property
    def changes(self) -> dict[str, Any]:
        """Of a valid form, for `domains.options.change`."""
        values = dict(self.cleaned_data)
        paused = [stream for stream in STREAMS if values.pop(stream)]
        return values | {"suspended_streams": paused}

    def refuse(self, refusal: OptionInvalid) -> None:
        """Show why nothing was kept."""
        for name, problem in refusal.problems.items():
            self.add_error(name, str(SENTENCES[name, problem]))
