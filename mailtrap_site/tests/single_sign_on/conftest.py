"""An account whose members may sign in at a provider of its own."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import subscriptions
from billing.plans import PLANS, Feature
from mailtrap_site.testing.world import World, make_domain


@pytest.fixture
def offered(world: World, settings: Any) -> World:
    """Acme has a plan with single sign-on, and has proved acme.test, whose addresses its members have."""
    settings.DEBUG = True
    plan = next(plan for plan in PLANS.on_offer if Feature.SSO in plan.features)
    subscriptions.put_on(world.account, plan, subscriptions.By(), timezone.now())
    make_domain(world.account, "acme.test")
    return world


def signed_in(client: Client) -> User | None:
    """Who the client's session belongs to."""
    return User.objects.filter(pk=client.session.get("_auth_user_id") or 0).first()
