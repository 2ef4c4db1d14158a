"""What is put into a mail is settled when it is accepted: by the client's wish, the domain's options and the plan."""

from datetime import UTC, datetime

import pytest

from billing.models import Subscription
from billing.plans import PLANS
from domains.models import CompanyInfo, DnsRecord
from domains.options import change
from mailtrap_site.testing.captured import make_sandbox
from mailtrap_site.testing.world import make_platform
from sending.models import Door, Stream, Submission
from sending.protocol.additions import Additions, from_text
from sending.submission.draft import Tracking
from sending.submission.submit import submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db
BASE = "https://t.platform.test"
ANCHOR = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _tracking_url(settings):
    settings.TRACKING_URL = BASE


def settled(world, **changes):
    submit([draft(world, **changes)])
    submission = Submission.objects.latest("id")
    return None if submission.additions is None else from_text(submission.additions)


def options(world, **values):
    for name, value in values.items():
        setattr(world.domain, name, value)
    world.domain.save()


def test_opens_are_tracked_unless_the_domain_or_the_client_says_no(world):
    assert settled(world) == Additions(BASE, opens=True)
    assert settled(world, tracking=Tracking(opens=False)) == Additions(BASE)
    options(world, open_tracking_enabled=False)
    assert settled(world) == Additions(BASE)
    assert settled(world, tracking=Tracking(opens=True)) == Additions(BASE, opens=True)


def test_clicks_are_for_plans_that_include_them_and_a_domain_that_has_them_keeps_them(world):
    assert not settled(world, tracking=Tracking(clicks=True)).clicks
    Subscription.objects.create(
        account=world.account,
        plan_code="basic_10k",
        plan_generation=PLANS.newest("basic_10k").generation,
        anchor=ANCHOR,
    )
    assert settled(world, tracking=Tracking(clicks=True)).clicks
    assert not settled(world).clicks
    Subscription.objects.all().delete()
    options(world, click_tracking_enabled=True)
    assert settled(world).clicks
    assert not settled(world, tracking=Tracking(clicks=False)).clicks


def test_a_domain_with_its_own_host_uses_it_while_its_record_stands(world):
    options(world, custom_domain_tracking_enabled=True)
    assert settled(world).base == "https://mt-link.example.test"
    DnsRecord.objects.filter(domain=world.domain, key="link_verification").update(status=DnsRecord.Status.MISSING)
    assert settled(world).base == BASE


def test_transactional_mail_gets_a_footer_where_the_domain_wants_it(world):
    options(world, open_tracking_enabled=False, auto_unsubscribe_link_enabled=True, tracking_opt_out_enabled=True)
    assert settled(world) == Additions(BASE, unsubscribe_footer=True, opt_out_footer=True)


def test_bulk_mail_is_mail_of_a_list_and_says_who_sends(world):
    found = settled(world, stream=Stream.BULK, category="News, March <a@b.test>")
    feedback = f"News_March_a_b.test_:d{world.domain.pk}:bulk:a{world.account.pk:06d}"
    assert found == Additions(BASE, opens=True, unsubscribe_footer=True, feedback_id=feedback)
    CompanyInfo.objects.create(
        account=world.account, name="Grün", address="Ring 1", zip_code="1010", city="Wien", country="Austria"
    )
    found = settled(world, stream=Stream.BULK)
    assert found.feedback_id.startswith("none:")
    assert found.sender == "Grün, Ring 1, 1010 Wien, Austria"


def test_nothing_is_put_into_our_own_notices_or_test_mail(world):
    platform = make_platform()
    own = {"account_id": platform.pk, "token_id": None, "door": Door.INTERNAL, "mail_from": "notices@platform.test"}
    assert settled(world, **own, message=message(from_="notices@platform.test")) is None
    sandbox = make_sandbox(world.account)
    count = Submission.objects.count()
    submit([draft(world, sandbox_id=sandbox.pk)])
    assert Submission.objects.count() == count


def test_an_option_of_the_page_reaches_the_next_mail(world):
    change(world.domain, {"open_tracking_enabled": False})
    assert not settled(world).opens
