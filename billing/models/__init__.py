"""What accounts agreed to, and what they used."""

from billing.models.alert import UsageAlert
from billing.models.hour_booking import HourBooking
from billing.models.override import QuotaOverride
from billing.models.subscription import Subscription
from billing.models.usage_day import UsageDay
from billing.models.usage_period import UsagePeriod

__all__ = ["HourBooking", "QuotaOverride", "Subscription", "UsageAlert", "UsageDay", "UsagePeriod"]
