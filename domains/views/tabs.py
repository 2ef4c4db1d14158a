"""The places of one domain, as tabs over each of its pages."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from domains.models import SendingDomain
from mailtrap_site.web.navigation import url_or_nothing

PLACES = (
    ("domains:detail", _("Set-up")),
    ("domains:review", _("Review")),
    ("domains:settings", _("Settings")),
    ("domains:keys", _("Keys")),
    ("domains:health", _("Health")),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """For `{% tab tab.label tab.url tab.is_current %}`."""

    label: str
    url: str
    is_current: bool


def domain_tabs(domain: SendingDomain, current: str) -> list[Tab]:
    """The tabs of `domain`, of which `current` ("domains:keys") is open."""
    addresses = [(name, label, url_or_nothing(name, domain.account_id, domain.pk)) for name, label in PLACES]
    return [Tab(str(label), url, name == current) for name, label, url in addresses if url]
