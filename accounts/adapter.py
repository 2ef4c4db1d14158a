"""Where django-allauth asks us: what a new user holds, and what its letters say."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.mail import EmailMessage
from django.http import HttpRequest

from accounts.letters import compose
from accounts.models import User
from accounts.sign_in_letters import letter_for


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the name that was typed at sign-up, and writes our letters instead of allauth's."""

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
        letter = letter_for(template_prefix, context)
        if letter is None:
            message: EmailMessage = super().render_mail(template_prefix, email, context, headers)
            return message
        return compose(letter, email if isinstance(email, str) else email[0])
