"""Invitations by letter: sent, sent again, revoked, accepted. The only writer of `Invitation`.

The link is signed and carries the invitation's id: it works for seven days after the last letter, until the invitation
was accepted or revoked. It lets somebody in who has the invited address; that they have the letter proves it is theirs.
"""

from datetime import timedelta
from functools import partial

import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.letters import Letter, compose
from accounts.models import Account, Invitation, Membership, Role, User
from accounts.notices import notify
from accounts.people import By, Rights
from accounts.rate_limits import INVITATIONS, take
from accounts.seats import take_seat

log = structlog.get_logger(__name__)

VALID_FOR = timedelta(days=7)
_SALT = "accounts.invitations"
_SESSION_KEY = "invitation"


class NotInvited(Exception):
    """Why nobody was invited, or not again: `code` is member, invited, often or gone."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BadInvitation(Exception):
    """The link is none of ours."""


class InvitationEnded(Exception):
    """It was accepted, revoked, or its time is over."""


def invite(account: Account, email: str, rights: Rights, by: By) -> Invitation:
    """Writes to the address. Raises NotInvited, and NoSeatLeft (an open invitation holds a seat)."""
    email = email.strip().lower()
    with transaction.atomic():
        take_seat_of(account, email)
        if account.memberships.filter(user__email=email).exists():
            raise NotInvited("member")
        _not_too_often(account)
        invitation = Invitation.objects.create(
            account=account, email=email, invited_by=by.user, expires_at=timezone.now() + VALID_FOR, **rights.fields
        )
        by.record("invitation.sent", account, invitation, {"role": {"from": None, "to": rights.role.value}})
        transaction.on_commit(partial(_write, invitation, by.words))
    return invitation


def take_seat_of(account: Account, email: str) -> None:
    """A seat for this address; an invitation of its own that has expired makes room. Raises NotInvited, NoSeatLeft."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    before = account.invitations.filter(email=email).first()
    if before is not None and not before.has_expired():
        raise NotInvited("invited")
    if before is not None:
        before.delete()
    take_seat(account)


def send_again(invitation: Invitation, by: By) -> None:
    """Another letter, and seven days from now. Raises NotInvited, and NoSeatLeft where it had expired."""
    account = invitation.account
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        found = account.invitations.filter(pk=invitation.pk).first()
        if found is None:
            raise NotInvited("gone")
        if found.has_expired():
            take_seat(account)
        _not_too_often(account)
        found.expires_at = timezone.now() + VALID_FOR
        found.save(update_fields=["expires_at"])
        by.record("invitation.sent_again", account, found)
        transaction.on_commit(partial(_write, found, by.words))


def revoke(invitation: Invitation, by: By) -> bool:
    """Its link ends at once; False where it was accepted or revoked already."""
    with transaction.atomic():
        found = Invitation.objects.select_for_update().filter(pk=invitation.pk).first()
        if found is None:
            return False
        by.record("invitation.revoked", found.account, found)
        found.delete()
    return True


def link_path(invitation: Invitation) -> str:
    """The path of its link."""
    return reverse("accounts:invitation", args=[signing.dumps(invitation.pk, salt=_SALT)])


def read_link(token: str) -> Invitation:
    """The invitation behind a link. Raises BadInvitation and InvitationEnded."""
    try:
        pk = signing.loads(token, salt=_SALT)
    except signing.BadSignature as problem:
        raise BadInvitation from problem
    found = Invitation.objects.select_related("account", "invited_by").filter(pk=pk).first()
    if found is None or found.has_expired():
        raise InvitationEnded
    return found


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether the invited address is one of this user's."""
    if user.email == invitation.email:
        return True
    return EmailAddress.objects.filter(user=user, email=invitation.email, verified=True).exists()


def accept(invitation: Invitation, user: User, request: HttpRequest | None) -> Membership:
    """The user's membership with the rights that were offered; the owners are told. Raises InvitationEnded, and
    NoSeatLeft where the plan has become too small since. The caller has asked `is_for`."""
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=invitation.account_id)
        found = account.invitations.filter(pk=invitation.pk).first()
        if found is None or found.has_expired():
            raise InvitationEnded
        rights = Rights(Role(found.role), tuple(found.scopes), found.sees_content)
        found.delete()
        member = account.memberships.filter(user=user).first()
        if member is not None:
            return member
        take_seat(account)
        member = Membership.objects.create(account=account, user=user, **rights.fields)
        changes = {"role": {"from": None, "to": rights.role.value}}
        audit.record("membership.joined", account=account, actor=user, target=member, changes=changes, request=request)
        words = {"name": user.get_full_name(), "account": account.name}
        body = _("They accepted the invitation to %(email)s. Their role: %(role)s.")
        notify(
            account,
            "membership.joined",
            (_("%(name)s joined %(account)s") % words)[:200],
            body % {"email": found.email, "role": rights.words},
            reverse("accounts:people", args=[account.pk]),
            roles=(Role.OWNER,),
        )
    return member


def keep_for_sign_up(request: HttpRequest, token: str) -> None:
    """The next sign-up in this browser accepts the invitation."""
    request.session[_SESSION_KEY] = token


def accept_at_sign_up(request: HttpRequest, user: User) -> bool:
    """Whether the new user came by an invitation to their address, and belongs to its account now."""
    token = request.session.pop(_SESSION_KEY, None)
    if not token:
        return False
    try:
        invitation = read_link(token)
        if user.email != invitation.email:
            return False
        accept(invitation, user, request)
    except Exception as problem:  # whatever stands against it, the person has signed up
        log.warning("invitation_not_accepted", user=user.pk, problem=type(problem).__name__)
        return False
    return True


def _not_too_often(account: Account) -> None:
    if take(INVITATIONS, account.pk).is_refused:
        raise NotInvited("often")


def _write(invitation: Invitation, who: str) -> None:
    """A letter that cannot be sent is logged; the page offers to send it again."""
    words = {"who": who, "account": invitation.account.name, "site": settings.SITE_NAME}
    letter = Letter(
        subject=_("%(who)s invites you to %(account)s") % words,
        paragraphs=(
            _("%(who)s asks you to join the account %(account)s at %(site)s.") % words,
            _("Your role will be: %(role)s. The link works for seven days.") % {"role": invitation.get_role_display()},
        ),
        action=_("See the invitation"),
        url=settings.SITE_URL + link_path(invitation),
        reason=_("You get this because %(who)s gave us this address. If you do not know them, do nothing.") % words,
    )
    try:
        compose(letter, invitation.email).send()
    except Exception as problem:  # whatever a mail backend raises
        log.error("letter_lost", kind="invitation.sent", invitation=invitation.pk, problem=type(problem).__name__)
