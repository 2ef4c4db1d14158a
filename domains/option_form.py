"""The form of a domain's settings; what `domains.options` does not allow becomes the field's error."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from domains.models import SendingDomain
from domains.options import LONGEST_BRAND, LONGEST_LINK, STREAMS, SWITCHES, OptionInvalid, Problem

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: dict[tuple[str, Problem], str | Promise] = {
    ("click_tracking_enabled", Problem.NOT_IN_PLAN): _("Your plan does not include click tracking."),
    ("custom_domain_tracking_enabled", Problem.NOT_IN_PLAN): _("Your plan does not include links under your own name."),
    ("custom_domain_tracking_enabled", Problem.NO_LINK_RECORD): _(
        "The CNAME record mt-link was not found yet. Publish it as the set-up page shows, then check the domain there."
    ),
    ("alert_recipient", Problem.INVALID): _("This is no email address. Write one such as ops@shop.example."),
    ("brand_name", Problem.INVALID): _("This name has letters that cannot be shown. Write it anew."),
    ("brand_colour", Problem.INVALID): _(
        "White words could not be read on this colour. Write a darker one with six digits, such as #1855ab."
    ),
    ("brand_url", Problem.INVALID): _("This is no web address. Write one such as https://shop.example/."),
}
TEXTS = ("alert_recipient", "recipient_ips", "brand_name", "brand_colour", "brand_url")


def _switch(label: "_StrPromise", help_text: "_StrPromise") -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=help_text, required=False)


class SettingsForm(forms.Form):
    """One field an option. `SettingsForm.showing(domain)` is filled with what stands."""

    open_tracking_enabled = _switch(
        _("Open tracking"),
        _("A small image in HTML emails shows when they are opened. Many mail apps load it unasked."),
    )
    click_tracking_enabled = _switch(
        _("Click tracking"),
        _(
            "Links in HTML and text lead through this service, which counts the clicks. A link with the attribute "
            "data-mt-no-track does not."
        ),
    )
    custom_domain_tracking_enabled = _switch(
        _("Links under your own name"), _("Tracked links and the image carry mt-link and your domain instead of ours.")
    )
    tracking_opt_out_enabled = _switch(
        _("Let readers opt out"),
        _(
            "Emails that are tracked end with a link by which a reader stops the tracking, unless you place it "
            "yourself with __tracking_opt_out_url__."
        ),
    )
    auto_unsubscribe_link_enabled = _switch(
        _("Unsubscribe link in transactional mail"),
        _("Added at the end where the HTML has none, such as for notices that a reader may stop."),
    )
    recipient_ips = forms.ChoiceField(
        label=_("Readers' IP addresses"),
        choices=SendingDomain.RecipientIps,
        required=False,
        help_text=_("What is kept of the address from which somebody opens, clicks or unsubscribes, from now on."),
    )
    brand_name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=LONGEST_BRAND,
        help_text=_("As your readers know you. Empty: the name of the domain."),
    )
    brand_colour = forms.CharField(
        label=_("Colour"),
        required=False,
        max_length=8,
        help_text=_("Of buttons and links, dark enough for white words. Empty: blue."),
    )
    brand_url = forms.CharField(
        label=_("Link back to you"),
        required=False,
        max_length=LONGEST_LINK,
        help_text=_("Shown once a reader is done. Empty: none."),
        widget=forms.URLInput,
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
        kept = {name: getattr(domain, name) for name in (*SWITCHES, *TEXTS)}
        return cls(initial=kept | {stream: stream in domain.suspended_streams for stream in STREAMS})

    @property
    def changes(self) -> dict[str, Any]:
        """Of a valid form, for `domains.options.change`."""
        values = dict(self.cleaned_data)
        paused = [stream for stream in STREAMS if values.pop(stream)]
        # A form that was open before the choice existed leaves it as it is.
        values = {name: value for name, value in values.items() if name != "recipient_ips" or value}
        return values | {"suspended_streams": paused}

    def refuse(self, refusal: OptionInvalid) -> None:
        """Show why nothing was kept."""
        for name, problem in refusal.problems.items():
            self.add_error(name, str(SENTENCES[name, problem]))
