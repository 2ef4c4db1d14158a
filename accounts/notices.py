"""Tells the people of an account what happened, in the dashboard and by mail. The only writer of Notification."""

from collections.abc import Sequence
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.letters import Letter, compose
from accounts.links import link_path
from accounts.models import Account, Notification, Role, User

log = structlog.get_logger(__name__)


def notify(
    account: Account,
    kind: str,
    title: str,
    body: str,
    path: str = "",
    level: str = "info",
    roles: Sequence[Role] = (Role.OWNER, Role.ADMIN),
    letter: bool = True,
) -> None:
    """One notification for each active member with one of the roles now, and a letter to each after the commit unless
    `letter` says that the dashboard is enough.

    `kind` is `noun.verb` ("domain.verified"); `path` is where in the dashboard to act ("/a/1/domains/2/").
    """
    readers = User.objects.filter(memberships__account=account, memberships__role__in=roles, is_active=True).distinct()
    with transaction.atomic():
        written = Notification.objects.bulk_create(
            Notification(
                account=account,
                user=reader,
                kind=kind,
                level=Notification.Level(level),
                title=title,
                body=body,
                path=path,
            )
            for reader in readers
        )
        if letter:
            transaction.on_commit(partial(_send_letters, account, written))


def _send_letters(account: Account, notifications: Sequence[Notification]) -> None:
    """A letter that cannot be sent is logged; the news stands in the dashboard and the work that caused it is done."""
    for one in notifications:
        try:
            compose(_letter(account, one), one.user.email).send()
        except Exception as problem:  # whatever a mail backend raises
            log.error("letter_lost", kind=one.kind, notification=one.pk, problem=type(problem).__name__)


def _letter(account: Account, notification: Notification) -> Letter:
    return Letter(
        subject=notification.title,
        paragraphs=tuple(filter(None, notification.body.split("\n\n"))) or (notification.title,),
        action=_("Open %(site)s") % {"site": settings.SITE_NAME} if notification.path else "",
        url=settings.SITE_URL + link_path(notification.user, notification.path) if notification.path else "",
        reason=_("You get this because you look after the account %(account)s.") % {"account": account.name},
    )
