"""What is filled in about a new API token: its name, what it may do and where, until when, from where."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Account
from accounts.networks import BadNetwork, read_networks
from accounts.people import domain_scopes
from accounts.scopes import ADMIN, ORGANIZATION, READ
from accounts.token_life import DAYS, LONGEST, USUAL_DAYS
from accounts.tokens import Limits

SENDS, NEVER, CUSTOM = "sends", "never", "custom"
ACCESS_WORDS = [
    (str(ADMIN), _("Everything: send, read and change")),
    (SENDS, _("Send only, and nothing else")),
    (str(READ), _("Read only, and send nothing")),
]
LIFE_WORDS = [
    *((str(days), ngettext_lazy("%(days)s day", "%(days)s days", days) % {"days": days}) for days in DAYS),
    (CUSTOM, _("Until the day below")),
    (NEVER, _("Never ends")),
]


class TokenForm(forms.Form):
    """Without a choice: everything in the account, for a year."""

    name = forms.CharField(
        label=_("Name of the token"),
        max_length=100,
        help_text=_("Say where it will be used, such as “Shop, production”."),
        error_messages={"required": _("The token needs a name, so that you can tell it from the others. Type one.")},
    )
    access = forms.ChoiceField(
        label=_("It may"), choices=ACCESS_WORDS, widget=forms.RadioSelect, required=False, initial=str(ADMIN)
    )
    domains = forms.TypedMultipleChoiceField(
        label=_("Only for these domains"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("With none chosen it is for the whole account, and for domains that you add later."),
    )
    reaches_all = forms.BooleanField(
        label=_("For the sub-accounts as well"),
        required=False,
        help_text=_("Programs then reach all accounts of the organisation by the API, but send for this one alone."),
    )
    life = forms.ChoiceField(label=_("It ends after"), choices=LIFE_WORDS, required=False, initial=str(USUAL_DAYS))
    last_day = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    for_ever = forms.BooleanField(label=_("It is to work for ever, also for whoever finds it one day"), required=False)
    networks = forms.CharField(
        label=_("Only from these networks"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Addresses or networks such as 203.0.113.0/24, one a line. Empty for anywhere."),
    )
    emails_per_month = forms.IntegerField(
        label=_("Most emails a month (optional)"),
        required=False,
        min_value=0,
        max_value=2**62,
        help_text=_("More is refused to this token. Leave it empty for no limit beside the plan's."),
    )

    def __init__(self, account: Account, data: Any = None, *, may_reach_all: bool = False) -> None:
        super().__init__(data)
        if not may_reach_all or not account.sub_accounts.exists():
            del self.fields["reaches_all"]
        self._account = account
        own = account.domains.filter(deleted_at=None)  # type: ignore[attr-defined, unused-ignore]
        names = list(own.order_by("name").values_list("pk", "name"))
        domains = self.fields["domains"]
        assert isinstance(domains, forms.TypedMultipleChoiceField)
        domains.choices = names
        if not names:
            del self.fields["domains"]

    @property
    def scopes(self) -> list[dict[str, Any]]:
        """In the shape of `ApiToken.scopes`."""
        level = READ if self.cleaned_data["access"] == str(READ) else ADMIN
        chosen = self.cleaned_data.get("domains")
        if chosen:
            return list(domain_scopes((domain_id, level) for domain_id in chosen))
        kind = ORGANIZATION if self.cleaned_data.get("reaches_all") else "account"
        return [{"resource_type": kind, "resource_id": self._account.pk, "access_level": level}]

    @property
    def limits(self) -> Limits:
        values = self.cleaned_data
        return Limits(
            expires_at=self._end(timezone.now()),
            emails_per_month=values["emails_per_month"],
            sends_only=values["access"] == SENDS,
            networks=tuple(values["networks"]),
        )

    def clean_networks(self) -> list[str]:
        try:
            return read_networks(self.cleaned_data["networks"])
        except BadNetwork as bad:
            words = _g("“%(part)s” is no network. Write it like 203.0.113.0/24, at most 50 of them.")
            raise forms.ValidationError(words % {"part": bad.part[:60]}) from bad

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        life = values.get("life")
        if life == NEVER and not values.get("for_ever"):
            self.add_error("for_ever", _("A token without an end is found one day. Tick this if you mean it."))
        if values.get("reaches_all") and (values.get("domains") or values.get("access") == SENDS):
            self.add_error("reaches_all", _("A token for all accounts is for all domains, and for more than sending."))
        if life == CUSTOM and "last_day" in values:
            self._check_last_day(values["last_day"])
        return values

    def _check_last_day(self, day: Any) -> None:
        now = timezone.now()
        if day is None:
            self.add_error("last_day", _("The last day is missing. Choose one, or another life above."))
        elif not now < _end_of(day) <= now + LONGEST:
            self.add_error("last_day", _("This day has passed, or lies more than five years ahead. Choose another."))

    def _end(self, now: datetime) -> datetime | None:
        life = self.cleaned_data["life"]
        if life == NEVER:
            return None
        if life == CUSTOM:
            return _end_of(self.cleaned_data["last_day"])
        return now + timedelta(days=int(life or USUAL_DAYS))


def _end_of(day: Any) -> datetime:
    """The midnight after the day, in the reader's zone."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
