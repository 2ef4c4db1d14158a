"""Who may not sign in by password or passkey, since an account of theirs asks for single sign-on."""

from allauth.account.internal.stagekit import clear_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Role, SingleSignOn, User


def enforced_for(user: User) -> SingleSignOn | None:
    """The single sign-on that this person has to use, if any.

    Owners may sign in by password all the same, so that a provider that is gone or wrongly set up locks nobody out.
    """
    domain = user.email.rpartition("@")[2].lower()
    memberships = user.memberships.exclude(role=Role.OWNER).values("account")
    return (
        SingleSignOn.objects.filter(account__in=memberships, is_enforced=True, email_domains__contains=[domain])
        .select_related("account")
        .order_by("pk")
        .first()
    )


def refusal_of(request: HttpRequest, user: User) -> HttpResponse | None:
    """The page that says why, and leads to the provider; None where they may go on."""
    enforced = enforced_for(user)
    if enforced is None:
        return None
    clear_login(request)
    return render(request, "accounts/single_sign_on_only.html", {"single_sign_on": enforced}, status=403)
