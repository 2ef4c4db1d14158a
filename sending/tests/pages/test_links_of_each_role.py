"""No page leads its reader to one that their role refuses, in a new account and in one that sends."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urljoin

from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.people import domain_scopes
from accounts.scopes import ADMIN
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World, make_domain, make_user
from sending.tests.stats.counting import happen

NO_PAGE = re.compile(r"/(logout|export|file|open|table)/|[.](csv|json|zone)")


def test_nobody_is_led_to_a_page_that_refuses_them(world: World, signed_in: Callable[[User], Client]) -> None:
    make_message(world.domain, "rita@far.test", status="bounced")
    happen(world.domain, timezone.now(), delivered=90, bounced=10)
    make_domain(world.account, "unverified.test", verified=False, approved=False)
    newcomer = make_user("nina@strangers.test", world.stranger_account, Role.VIEWER)
    olga = make_user("olga@acme.test")
    scopes = list(domain_scopes([(one.pk, ADMIN) for one in world.account.domains.all()]))
    Membership.objects.create(account=world.account, user=olga, role=Role.LIMITED, scopes=scopes)
    for user, account in ((world.vera, world.account), (newcomer, world.stranger_account), (olga, world.account)):
        assert list(refusals(signed_in(user), f"/a/{account.pk}/")) == [], user.email


def refusals(client: Client, start: str) -> Iterator[str]:
    """One line for each link that is refused, with the page it stands on; of pages that differ in numbers or in the
    query alone, one is opened."""
    waiting, kinds = [(start, "")], set()
    while waiting:
        path, page = waiting.pop(0)
        kind = re.sub(r"[0-9a-f-]{36}|[0-9]+", "N", path.partition("?")[0])
        if kind in kinds or NO_PAGE.search(path):
            continue
        kinds.add(kind)
        response = client.get(path, follow=True)
        if response.status_code >= 400:
            yield f"{response.status_code} {path} on {page}"
        main = response.content.decode().partition("<main")[2]
        waiting += ((urljoin(path, unescape(link)), path) for link in re.findall(r'href="(/a/[^"#]*)', main))
    assert len(kinds) > 9
