"""What accounts agreed to, asked for, and used."""

from billing.models.alert import UsageAlert
from billing.models.override import QuotaOverride
from billing.models.request import SupportRequest
from billing.models.subscription import Subscription
from billing.models.usage_day import UsageDay
from billing.models.usage_period import UsagePeriod

__all__ = ["QuotaOverride", "Subscription", "SupportRequest", "UsageAlert", "UsageDay", "UsagePeriod"]
