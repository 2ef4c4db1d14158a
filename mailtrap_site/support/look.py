"""How the support desk looks and what stands in its side: settings of the unfold theme."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

# Lightness and chroma of the one blue, by unfold's steps.
_BLUE = {
    50: (0.97, 0.013),
    100: (0.94, 0.025),
    200: (0.88, 0.05),
    300: (0.80, 0.09),
    400: (0.71, 0.13),
    500: (0.56, 0.15),
    600: (0.47, 0.145),
    700: (0.41, 0.14),
    800: (0.35, 0.11),
    900: (0.29, 0.08),
    950: (0.22, 0.05),
}


def unfold_settings(site_name: str) -> dict[str, Any]:
    """The value of UNFOLD."""
    return {
        "SITE_TITLE": _("Support desk"),
        "SITE_HEADER": _("Support desk"),
        "SITE_SUBHEADER": site_name,
        "SITE_SYMBOL": "support_agent",
        "SITE_URL": "/",
        "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _mark}],
        "STYLES": [_focus_style],
        "SHOW_VIEW_ON_SITE": False,
        "ENVIRONMENT": "mailtrap_site.support.look.route_label",
        "COLORS": {"primary": {str(step): f"oklch({light} {chroma} 257)" for step, (light, chroma) in _BLUE.items()}},
        "SIDEBAR": {
            "navigation": [
                {
                    "title": "",
                    "items": [
                        {"title": _("Needs a human"), "icon": "front_hand", "link": reverse_lazy("admin:index")},
                        {
                            "title": _("Search all tenants"),
                            "icon": "search",
                            "link": reverse_lazy("admin:find"),
                            "permission": _allows("accounts.view_account"),
                        },
                    ],
                },
                {
                    "title": _("Tenants"),
                    "items": [
                        _place(_("Accounts"), "apartment", "accounts_account"),
                        _place(_("Users"), "person", "accounts_user"),
                        _place(_("Sending domains"), "language", "domains_sendingdomain"),
                        {
                            "title": _("Compliance"),
                            "icon": "verified_user",
                            "link": reverse_lazy("admin:compliance"),
                            "permission": _allows("domains.view_compliancereview"),
                            "badge": number_of_waiting_reviews,
                        },
                    ],
                },
                {
                    "title": _("Plans and limits"),
                    "items": [
                        {
                            "title": _("Requests"),
                            "icon": "contact_support",
                            "link": reverse_lazy("admin:requests"),
                            "permission": _allows("billing.view_supportrequest"),
                            "badge": number_of_open_requests,
                        },
                        _place(_("Subscriptions"), "sell", "billing_subscription"),
                        _place(_("Overrides"), "tune", "billing_quotaoverride"),
                        _place(_("Usage"), "speed", "billing_usageperiod"),
                        _place(_("Invoices"), "receipt_long", "billing_invoice"),
                        _place(_("Stripe events"), "webhook", "billing_stripeevent"),
                    ],
                },
                {
                    "title": _("Mail"),
                    "items": [
                        _place(_("Messages"), "mail", "sending_message"),
                        {
                            "title": _("Queue"),
                            "icon": "hourglass_empty",
                            "link": reverse_lazy("admin:queue"),
                            "permission": _allows("sending.view_queueentry"),
                        },
                        {
                            "title": _("Unknown replies"),
                            "icon": "help",
                            "link": reverse_lazy("admin:unknown_replies"),
                            "permission": _allows("sending.view_message"),
                        },
                        {
                            "title": _("Abuse and postmaster"),
                            "icon": "report",
                            "link": reverse_lazy("admin:reports"),
                            "permission": _allows("sending.view_incomingreport"),
                        },
                        _place(_("Balance"), "balance", "sending_hourbalance") | {"badge": number_of_differences},
                    ],
                },
                {
                    "title": _("Control"),
                    "items": [
                        {
                            "title": _("Health of the instance"),
                            "icon": "stethoscope",
                            "link": reverse_lazy("admin:operator"),
                            "permission": _allows("sending.change_queueentry"),
                        },
                        _place(_("Audit log"), "history", "accounts_auditentry"),
                    ],
                },
            ],
        },
    }


def number_of_open_requests() -> str:
    """The badge in the side: how many customers wait for an answer; nothing where none does."""
    # Late, since the settings read this module before there are any models.
    from mailtrap_site.support.plan_page import open_requests

    return str(open_requests().count() or "")


def number_of_differences() -> str:
    """The badge in the side: how many recipients and meters the tables contradict each other about; nothing where all
    is well."""
    from django.db.models import Sum

    from sending.models import HourCheck, MeterDifference

    off = HourCheck.objects.filter(differences__gt=0).aggregate(sum=Sum("differences", default=0))["sum"]
    return str(off + MeterDifference.objects.count() or "")


def number_of_waiting_reviews() -> str:
    """The badge in the side: how many reviews wait for a person; nothing where none does."""
    from mailtrap_site.support.compliance import waiting_for_staff

    return str(waiting_for_staff().count() or "")


def route_label(request: HttpRequest) -> list[Any] | None:
    """The badge of the development route, as the desk shows it: words and colour. A phone has no room for more."""
    if settings.ROUTE != "development":
        return None
    return [_("Development route"), "warning"]


def _mark(request: HttpRequest) -> str:
    return static("img/mark.svg")


def _focus_style(request: HttpRequest) -> str:
    return static("desk/focus.css")


def _place(title: Any, icon: str, view: str) -> dict[str, Any]:
    app, _underscore, model = view.partition("_")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{view}_changelist"),
        "permission": _allows(f"{app}.view_{model}"),
    }


def _allows(permission: str) -> Callable[[HttpRequest], bool]:
    """Whether the side shows a place to this member of staff."""
    return lambda request: request.user.has_perm(permission)
