"""What a change of plan costs for the rest of a period. Pure."""

from datetime import datetime

from billing.periods import Period


def prorated_cents(old_cents: int, new_cents: int, period: Period, now: datetime) -> int:
    """The difference of two monthly prices for what is left of the period, to the nearest cent; negative where the new
    plan is cheaper. To the second, as Stripe prorates."""
    whole = round((period.ends_at - period.starts_at).total_seconds())
    left = round((period.ends_at - now).total_seconds())
    return round((new_cents - old_cents) * min(max(left, 0), whole) / whole)
