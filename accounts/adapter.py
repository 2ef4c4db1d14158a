"""Where django-allauth asks us: what a new user holds, and what its letters say."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import password_sign_in, sign_in_news, waiting
from accounts.letters import compose
from accounts.models import User
from accounts.sign_in_letters import change_said, letter_for


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the name that was typed at sign-up, writes our letters instead of allauth's, and stays on this site."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
        # The page says beside its button that they are accepted with it.
        user.terms_version, user.terms_accepted_at = settings.TERMS_VERSION, timezone.now()
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        context = _on_this_site(context)
        letter = letter_for(template_prefix, context)
        if letter is None:
            message: EmailMessage = super().render_mail(template_prefix, email, context, headers)
            return message
        return compose(letter, email if isinstance(email, str) else email[0])

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """The letter, and the same in the notification centre."""
        super().send_notification_mail(template_prefix, user, context, email)
        name, subject, sentence = change_said(template_prefix, context or {})
        sign_in_news.tell_in_dashboard(name, user, subject, sentence)

    def pre_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponseBase | None:
        """Refuses whoever has to come by single sign-on."""
        response: HttpResponseBase | None = super().pre_login(request, user, **more)
        if response is None and "sociallogin" not in (more.get("signal_kwargs") or {}):
            response = password_sign_in.refusal_of(request, user)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Notes whether it is the first sign-in, which is no news to anybody."""
        request.is_first_sign_in = user.last_login is None  # type: ignore[attr-defined]
        super().login(request, user)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts the try; too many are told how long to wait."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as problem:
            key = self._get_login_attempts_cache_key(request, **credentials)
            raise ValidationError(waiting.sentence(request, "login_failed", key)) from problem

    def is_safe_url(self, url: str) -> bool:
        """Whether a redirect may lead there. ALLOWED_HOSTS are no places of ours: SDKs ask for Mailtrap's own hosts."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts={urlsplit(settings.SITE_URL).netloc})


def _on_this_site(context: Mapping[str, Any]) -> dict[str, Any]:
    """The links of a letter, moved from the host that the request named, which its sender chose, to our own."""
    moved = {
        name: f"{settings.SITE_URL}{urlsplit(value).path}"
        for name, value in context.items()
        if name.endswith("_url") and isinstance(value, str)
    }
    return {**context, **moved}
