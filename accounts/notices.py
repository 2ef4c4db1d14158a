"""Tells the people of an account what happened, in the dashboard and by mail. The only writer of Notification."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.letter_choice import has_stopped, one_click_path, stop_path, stop_words
from accounts.letters import Letter, Meter, compose
from accounts.links import link_path
from accounts.models import Account, Notification, Role, User
from accounts.readers import readers_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a letter shows besides the words of its notice."""

    meter: Meter | None = None
    emphasis: str = ""
    """Words of the body that are printed bold."""
    action: str = ""
    """The words of the button; without them those of every letter."""
    rhythm: str = ""
    """A sentence that says how often such letters come."""


PLAIN = Drawn()


def notify(
    account: Account,
    kind: str,
    title: str,
    body: str,
    path: str = "",
    level: str = "info",
    roles: Sequence[Role] = (Role.OWNER, Role.ADMIN),
    drawn: Drawn = PLAIN,
    *,
    letter: bool = True,
    only: User | None = None,
    domain_id: int | None = None,
) -> None:
    """One notification for each active member with one of the roles now, and a letter to each after the commit, other
    than those who stopped letters of its kind; without `letter` the dashboard is enough.

    `kind` is one of `accounts.notice_kinds` ("domain.verified"); `path` is where in the dashboard to act
    ("/a/1/domains/2/"). With `only` this member alone is told, whatever their role, if they still are one. News about a
    domain name it, so that those who administer it among some domains are told as well.
    """
    readers = readers_of(account, roles if only is None else tuple(Role), domain_id)
    if only is not None:
        readers = readers.filter(pk=only.pk)
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
            transaction.on_commit(partial(_send_letters, account, written, drawn))


def tell_person(user: User, kind: str, title: str, body: str, path: str = "", level: str = "info") -> Notification:
    """News about the person themselves, such as a new password; who calls writes the letter, which none may stop."""
    return Notification.objects.create(
        account=None, user=user, kind=kind, level=Notification.Level(level), title=title[:200], body=body, path=path
    )


def _send_letters(account: Account, notifications: Sequence[Notification], drawn: Drawn) -> None:
    """A letter that cannot be sent is logged; the news stands in the dashboard and the work that caused it is done."""
    for one in notifications:
        try:
            if not has_stopped(account, one.user, one.kind):
                compose(_letter(account, one, drawn), one.user.email).send()
        except Exception as problem:  # whatever a mail backend raises
            log.error("letter_lost", kind=one.kind, notification=one.pk, problem=type(problem).__name__)


def _letter(account: Account, notification: Notification, drawn: Drawn) -> Letter:
    reader, path, stop = notification.user, notification.path, stop_path(account, notification.kind)
    one_click = one_click_path(account, reader, notification.kind)
    reason = _("You get this as a member of the account %(account)s.") % {"account": account.name}
    return Letter(
        subject=notification.title,
        paragraphs=tuple(filter(None, notification.body.split("\n\n"))) or (notification.title,),
        action=(drawn.action or _("Open %(site)s") % {"site": settings.SITE_NAME}) if path else "",
        url=settings.SITE_URL + link_path(reader, path) if path else "",
        reason=f"{reason} {drawn.rhythm}".strip(),
        meter=drawn.meter,
        emphasis=drawn.emphasis,
        stop=stop_words(notification.kind),
        stop_url=settings.SITE_URL + link_path(reader, stop) if stop else "",
        one_click_url=settings.SITE_URL + one_click if one_click else "",
    )
