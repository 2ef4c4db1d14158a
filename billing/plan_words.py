"""Plans, prices and changes of plan in words. Pure."""

from datetime import UTC, datetime
from math import ceil

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.checkout import Quote
from billing.models.invoice import money
from billing.plans import Feature, Plan, Tier
from mailtrap_site.web.wording import NBSP, figure_words

TIERS: dict[Tier, str | Promise] = {
    Tier.FREE: gettext_lazy("Free"),
    Tier.BASIC: gettext_lazy("Basic"),
    Tier.BUSINESS: gettext_lazy("Business"),
    Tier.ENTERPRISE: gettext_lazy("Enterprise"),
}
FEATURES: dict[Feature, str | Promise] = {
    Feature.CLICK_TRACKING: gettext_lazy("click tracking"),
    Feature.LINK_BRANDING: gettext_lazy("own link domain"),
    Feature.DEDICATED_IP: gettext_lazy("own IP address"),
    Feature.SSO: gettext_lazy("single sign-on"),
    Feature.AUDIT_LOG: gettext_lazy("audit log"),
    Feature.CONTENT_FREE_LOGGING: gettext_lazy("logging without content"),
}


def short_money(cents: int) -> str:
    """1500 → $15; 143 → $1.43."""
    return money(cents).removesuffix(".00")


def price_words(plan: Plan) -> str:
    """What it costs a month: $15, or by agreement."""
    return _("By agreement") if plan.cents_per_month is None else short_money(plan.cents_per_month)


def pace_words(per_day: int | None, per_hour: int | None) -> str:
    """How many emails may leave in a day or an hour; empty without such a limit."""
    parts = []
    if per_day is not None:
        parts.append(_("%(count)s a day") % {"count": figure_words(per_day)})
    if per_hour is not None:
        parts.append(_("%(count)s an hour") % {"count": figure_words(per_hour)})
    return ", ".join(parts)


def people_words(users: int | None) -> str:
    if users is None:
        return _("any number of people")
    return ngettext("%(count)s person", "%(count)s people", users) % {"count": figure_words(users)}


def domains_words(domains: int | None) -> str:
    if domains is None:
        return _("any number of domains")
    return ngettext("%(count)s domain", "%(count)s domains", domains) % {"count": figure_words(domains)}


def log_words(days: int) -> str:
    return ngettext("%(count)s day of logs", "%(count)s days of logs", days) % {"count": figure_words(days)}


def sub_accounts_words(accounts: int | None) -> str:
    if accounts is None:
        return _("any number of sub-accounts")
    if not accounts:
        return _("no sub-accounts")
    return ngettext("%(count)s sub-account", "%(count)s sub-accounts", accounts) % {"count": figure_words(accounts)}


def feature_words(features: tuple[Feature, ...]) -> str:
    return ", ".join(str(FEATURES[feature]) for feature in features)


def overage_words(plan: Plan) -> str:
    """What is above the limit: how much at most, and for how much; empty where the plan ends at its limit."""
    if not plan.most_overage or plan.overage_cents_per_thousand is None:
        return ""
    return _("up to %(most)s more at %(price)s a thousand") % {
        "most": figure_words(plan.most_overage),
        "price": short_money(plan.overage_cents_per_thousand),
    }


def change_words(old: Plan, new: Plan) -> tuple[str, ...]:
    """What is different besides volume and price, each in a few words."""
    pairs = (
        (old.users, new.users, people_words(new.users)),
        (old.domains, new.domains, domains_words(new.domains)),
        (old.log_days, new.log_days, log_words(new.log_days)),
        (old.sub_accounts, new.sub_accounts, sub_accounts_words(new.sub_accounts)),
    )
    found = [
        _("%(new)s, now\N{NO-BREAK SPACE}%(old)s")
        % {"new": words, "old": _("any number") if had is None else figure_words(had)}
        for had, offered, words in pairs
        if had != offered
    ]
    if gained := tuple(feature for feature in new.features if feature not in old.features):
        found.append(_("With %(features)s") % {"features": feature_words(gained)})
    if lost := tuple(feature for feature in old.features if feature not in new.features):
        found.append(_("Without %(features)s") % {"features": feature_words(lost)})
    return tuple(found)


def cost_words(quote: Quote, *, ends_at: datetime, now: datetime, has_paid: bool) -> tuple[str, str]:
    """What a change costs: what comes first, and the rest of the sentence. `ends_at` is the end of the period;
    `has_paid`: a plan is paid for already, so that only the difference is due."""
    difference = short_money(abs(quote.difference_per_month_cents))
    if not quote.is_upgrade:
        start = _("From %(day)s:") % {"day": short_day(quote.starts_at)}
        if not quote.difference_per_month_cents:
            return start, _("the same price.")
        return start, _("%(money)s less a month.") % {"money": difference}
    today = _("%(money)s today") % {"money": short_money(quote.due_now_cents)}
    if not has_paid:
        return today + ",", _("then %(money)s a month.") % {"money": short_money(quote.cents_per_month)}
    days = max(ceil((ends_at - now).total_seconds() / 86_400), 1)
    left = ngettext("for the %(count)s day left,", "for the %(count)s days left,", days) % {"count": days}
    if not quote.difference_per_month_cents:
        return today, f"{left} {_('then the same price.')}"
    return today, f"{left} {_('then %(money)s more a month.') % {'money': difference}}"


def short_day(moment: datetime) -> str:
    """1 Dec, in UTC as the periods are."""
    return date_format(moment.astimezone(UTC), "j M").replace(" ", NBSP)


def long_day(moment: datetime) -> str:
    """1 December, in UTC as the periods are."""
    return date_format(moment.astimezone(UTC), "j F").replace(" ", NBSP)
