"""Where django-allauth asks us: what a new user holds, and what its letters say."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.letters import compose
from accounts.models import User
from accounts.sign_in_letters import letter_for


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the name that was typed at sign-up, writes our letters instead of allauth's, and stays on this site."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
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
