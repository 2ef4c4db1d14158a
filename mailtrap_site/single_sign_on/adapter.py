"""Where django-allauth asks us about identity providers: each account's own is built from its settings."""

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts import single_sign_on
from accounts.models import Membership, SingleSignOn, User
from accounts.models.single_sign_on import account_id_of
from accounts.seats import NoSeatLeft
from mailtrap_site.single_sign_on.guarded_session import GuardedSession
from mailtrap_site.single_sign_on.offer import may_vouch

PROVIDER = "openid_connect"


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """One provider an account; nobody connects one by hand, and nobody signs up through one."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """The provider that the address names, and no list of all: tenants are no business of each other's."""
        row = row_of(provider or "", SingleSignOn.Protocol.OPENID)
        return [_app(row)] if row and client_id in (None, row.client_id) else []

    def get_requests_session(self) -> GuardedSession:
        return GuardedSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def send_notification_mail(self, *args: Any, **more: Any) -> None:
        """None: that a member signs in through their account's provider is no news to them."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Lets a member in, makes one at the first sign-in, or refuses with the reason."""
        row = row_of(sociallogin.account.provider)
        if row is None or sociallogin.state.get("process", AuthProcess.LOGIN) != AuthProcess.LOGIN:
            _refuse(request, _("This sign-in is not one that an account of ours offers."))
        email, name = _vouched(request, row, sociallogin)
        if sociallogin.is_existing:
            if not Membership.objects.filter(account=row.account, user=sociallogin.user).exists():
                _refuse(request, _("You are no longer a member of %(account)s.") % {"account": row.account.name})
            if not may_vouch(row, sociallogin.user.email):
                _refuse(request, _("Your address here is no longer one that your organisation may sign in."))
        else:
            sociallogin.user = _joined(request, row, email, name)
            sociallogin.save(request, connect=True)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **more: Any) -> None:
        _refuse(request, did_not_answer())


def forget_identities(row: SingleSignOn) -> None:
    """What the old provider called people means nothing at a new one: they are found by address again."""
    SocialAccount.objects.filter(provider=row.slug).delete()


def row_of(slug: str, protocol: SingleSignOn.Protocol | None = None) -> SingleSignOn | None:
    """The account's settings that a slug names; None where it has none, or speaks another protocol."""
    row = SingleSignOn.objects.select_related("account").filter(account=account_id_of(slug)).first()
    return row if row is None or protocol in (None, row.protocol) else None


def refusal(request: HttpRequest, reason: str, *, again: str = "", status: int = 403) -> HttpResponse:
    """The page that says why nobody was signed in; `again` is where to begin anew."""
    return render(request, "single_sign_on/refused.html", {"reason": reason, "again": again}, status=status)


def did_not_answer() -> str:
    """Where the provider is at fault."""
    return _("Your organisation’s sign-in did not answer as it should. Try again, or tell its admins.")


def _app(row: SingleSignOn) -> SocialApp:
    return SocialApp(
        provider=PROVIDER,
        provider_id=row.slug,
        name=row.account.name,
        client_id=row.client_id,
        secret=row.client_secret,
        settings={"server_url": row.issuer.rstrip("/"), "oauth_pkce_enabled": True, "fetch_userinfo": True},
    )


def _vouched(request: HttpRequest, row: SingleSignOn, sociallogin: SocialLogin) -> tuple[str, str]:
    """The address and name that the provider vouches for."""
    said = sociallogin.account.extra_data
    if row.protocol == SingleSignOn.Protocol.OPENID:
        said = _claims(request, row, said)
    email = str(said.get("email") or "").strip().lower()
    if not email:
        _refuse(request, _("Your organisation’s sign-in does not tell us your email address."))
    if said.get("email_verified") is False or not may_vouch(row, email):
        values = {"email": email, "account": row.account.name}
        _refuse(request, _("%(email)s is not an address that %(account)s may sign in.") % values)
    return email, str(said.get("name") or "")


def _claims(request: HttpRequest, row: SingleSignOn, said: dict[str, Any]) -> dict[str, Any]:
    """Of both answers together (OpenID Connect Core 1.0, sections 3.1.3.7 and 5.3.2)."""
    identity, info = said.get("id_token") or {}, said.get("userinfo") or {}
    if identity.get("iss") != row.issuer or info.get("sub", identity.get("sub")) != identity.get("sub"):
        _refuse(request, did_not_answer())
    return {**identity, **info}


def _joined(request: HttpRequest, row: SingleSignOn, email: str, name: str) -> User:
    try:
        return single_sign_on.join(row, email, name, request)
    except NoSeatLeft as full:
        single_sign_on.tell_of_no_seat(row.account, email, full.limit, request)
        reason = _("All %(limit)s seats of %(account)s are taken, so you could not join it. Its owners were told.")
        _refuse(request, reason % {"limit": full.limit, "account": row.account.name})


def _refuse(request: HttpRequest, reason: str) -> NoReturn:
    raise ImmediateHttpResponse(refusal(request, reason))
