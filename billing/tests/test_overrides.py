"""Staff grant exceptions from a plan with a reason, and take them back; the terms follow at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from billing import overrides
from billing.models import QuotaOverride
from billing.terms import terms_of
from mailtrap_site.testing.world import World, make_platform

Term = QuotaOverride.Term


def test_what_is_granted_counts_until_its_end(world: World) -> None:
    now = timezone.now()
    overrides.grant(
        world.account, Term.EMAILS_PER_MONTH, 9_000, "A launch", world.charlie, now, now + timedelta(days=3)
    )
    assert terms_of(world.account, now).emails_per_month == 9_000
    assert terms_of(world.account, now + timedelta(days=3)).emails_per_month == 4_000


def test_no_limit_is_a_value_of_its_own(world: World) -> None:
    now = timezone.now()
    overrides.grant(world.account, Term.EMAILS_PER_DAY, None, "A launch", world.charlie, now)
    assert terms_of(world.account, now).emails_per_day is None


def test_what_is_taken_back_counts_no_more_and_is_taken_back_once(world: World) -> None:
    granted = overrides.grant(world.account, Term.USERS, 7, "A partner", world.charlie, timezone.now())
    assert overrides.end(granted, world.charlie, "They left")
    assert terms_of(world.account).users == 1
    assert not overrides.end(granted, world.charlie, "Again")


def test_grants_and_ends_are_audited_as_acts_of_staff_with_their_reason(world: World) -> None:
    granted = overrides.grant(world.account, Term.DOMAINS, 7, "A partner", world.charlie, timezone.now())
    overrides.end(granted, world.charlie, "They left")
    first, last = AuditEntry.objects.filter(account=world.account).order_by("id")
    assert (first.action, first.by_staff, first.actor) == ("override.granted", True, world.charlie)
    assert (first.changes["domains"]["to"], first.changes["reason"]["to"]) == ("7", "A partner")
    assert (last.action, last.by_staff, last.changes["reason"]["to"]) == ("override.ended", True, "They left")


@pytest.mark.parametrize(
    ("term", "value", "reason", "days", "sentence"),
    [
        ("emails_per_year", 5, "x", None, "no such term"),
        (Term.LOG_DAYS, None, "x", None, "kept for ever"),
        (Term.LOG_DAYS, 0, "x", None, "one day at least"),
        (Term.LOG_DAYS, 366, "x", None, "out of range"),
        (Term.USERS, -1, "x", None, "out of range"),
        (Term.USERS, 5, "  ", None, "Say why"),
        (Term.USERS, 5, "x", 0, "after the start"),
    ],
)
def test_what_makes_no_sense_is_not_granted(
    world: World, term: Term, value: int | None, reason: str, days: int | None, sentence: str
) -> None:
    now = timezone.now()
    ends_at = None if days is None else now + timedelta(days=days)
    with pytest.raises(ValueError, match=sentence):
        overrides.grant(world.account, term, value, reason, world.charlie, now, ends_at)
    assert not QuotaOverride.objects.exists()


def test_the_platforms_own_account_has_nothing_to_grant(world: World) -> None:
    with pytest.raises(ValueError, match="has no limits"):
        overrides.grant(make_platform(), Term.USERS, 5, "x", world.charlie, timezone.now())
