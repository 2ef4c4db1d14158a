"""Days for the meters that a test has written by hand."""

from datetime import UTC

from billing.models import UsageDay, UsagePeriod


def plant_days() -> None:
    """Every meter has been used up on the first day of its period, by one domain."""
    UsageDay.objects.all().delete()
    for period in UsagePeriod.objects.all():
        period.days.create(
            account=period.account,
            day=period.starts_at.astimezone(UTC).date(),
            domain="example.test",
            stream="transactional",
            used=period.used,
        )
