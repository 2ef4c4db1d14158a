"""What accounts agreed to, and what they used."""

from billing.models.alert import UsageAlert
from billing.models.hour_booking import HourBooking
from billing.models.invoice import Invoice
from billing.models.overage_report import OverageReport
from billing.models.override import QuotaOverride
from billing.models.request import SupportRequest
from billing.models.stripe_event import StripeEvent
from billing.models.subscription import Subscription
from billing.models.usage_day import UsageDay
from billing.models.usage_period import UsagePeriod

__all__ = [
    "HourBooking",
    "Invoice",
    "OverageReport",
    "QuotaOverride",
    "StripeEvent",
    "Subscription",
    "SupportRequest",
    "UsageAlert",
    "UsageDay",
    "UsagePeriod",
]
