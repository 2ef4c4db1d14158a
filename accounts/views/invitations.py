"""Inviting somebody to an account, and what the link of the letter shows to whom."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations
from accounts.adapter import AccountAdapter
from accounts.invitations import BadInvitation, InvitationEnded, NotInvited
from accounts.models import Invitation, User
from accounts.people import By
from accounts.people_forms import InvitationForm
from accounts.roles import Ability
from accounts.seats import NoSeatLeft
from accounts.tenancy import AccountRequest, account_view


@account_view(Ability.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_add(request: AccountRequest) -> HttpResponse:
    """Asks whom and as what, and writes to them."""
    form = InvitationForm(request.account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            invitations.invite(request.account, email, form.rights, By(request))
        except NotInvited as refused:
            form.add_error("email" if refused.code != "often" else None, _why(refused.code))
        except NoSeatLeft as full:
            form.add_error(None, no_seat(full))
        else:
            messages.success(request, _("%(email)s was invited.") % {"email": email})
            return redirect("accounts:people", request.account.pk)
    return render(request, "accounts/invitation_add.html", {"form": form}, status=422 if form.errors else 200)


@account_view(Ability.MANAGE_PEOPLE)
@require_POST
def invitation_letter(request: AccountRequest, invitation_id: int) -> HttpResponse:
    """Writes once more."""
    found = _find(request, invitation_id)
    try:
        invitations.send_again(found, By(request))
    except NotInvited as refused:
        messages.error(request, _why(refused.code))
    except NoSeatLeft as full:
        messages.error(request, no_seat(full))
    else:
        messages.success(request, _("Another letter was sent to %(email)s.") % {"email": found.email})
    return redirect("accounts:people", request.account.pk)


@account_view(Ability.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_revocation(request: AccountRequest, invitation_id: int) -> HttpResponse:
    """Asks, then ends it."""
    found = _find(request, invitation_id)
    if request.method != "POST":
        return render(request, "accounts/invitation_revocation.html", {"invitation": found})
    if invitations.revoke(found, By(request)):
        messages.success(request, _("The invitation to %(email)s was revoked.") % {"email": found.email})
    return redirect("accounts:people", request.account.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the link; to follow it changes nothing, so that mail scanners may."""
    try:
        found = invitations.read_link(token)
    except BadInvitation:
        return render(request, "accounts/link_unknown.html", status=404)
    except InvitationEnded:
        return render(request, "accounts/invitation_ended.html", status=410)
    user = request.user if isinstance(request.user, User) else None
    context = {"invitation": found, "role": found.get_role_display()}
    if user is not None and not invitations.is_for(found, user):
        return render(request, "accounts/invitation_for_another.html", context, status=403)
    if request.method == "POST":
        return _accepted(request, found, user) if user else _to_the_door(request, found, token)
    context["is_known"] = user is not None or User.objects.filter(email=found.email).exists()
    return render(request, "accounts/invitation.html", context)


def _accepted(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    try:
        invitations.accept(found, user, request)
    except InvitationEnded:
        return render(request, "accounts/invitation_ended.html", status=410)
    except NoSeatLeft:
        context = {"invitation": found, "is_known": True, "is_full": True}
        return render(request, "accounts/invitation.html", context, status=409)
    messages.success(request, _("You belong to %(account)s now.") % {"account": found.account.name})
    return redirect("sending:overview", found.account_id)


def _to_the_door(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    """Who is known signs in and comes back; who is not signs up, with the address that the letter has proved."""
    if User.objects.filter(email=found.email).exists():
        return redirect_to_login(request.path)
    AccountAdapter(request).stash_verified_email(request, found.email)
    invitations.keep_for_sign_up(request, token)
    return redirect("account_signup")


def no_seat(full: NoSeatLeft) -> str:
    """Why nobody can be added, for people."""
    words = {"limit": full.limit}
    return _("All %(limit)s seats of the plan are taken, open invitations included. Choose a larger plan.") % words


def _find(request: AccountRequest, invitation_id: int) -> Invitation:
    return get_object_or_404(request.account.invitations.select_related("account"), pk=invitation_id)


def _why(code: str) -> str:
    return {
        "member": _("This person belongs to the account already. Change their role instead."),
        "invited": _("This address is invited already. Send the letter again instead."),
        "often": _("Too many letters were sent within this hour. Wait a little, then try again."),
        "gone": _("Nothing was sent: the invitation was accepted or revoked."),
    }[code]
