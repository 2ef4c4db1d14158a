"""API tokens that somebody found in public: ended at once, and their owners told.

The reporter does not learn whether one existed, nor the owners who reported it.
"""

from collections.abc import Iterable

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import tokens
from accounts.authentication import could_be_token, digest_of
from accounts.models import ApiToken
from accounts.notices import notify

log = structlog.get_logger(__name__)

MOST = 100
"""Tokens of one report."""
REPORTER = "leak report"


def report(secrets: Iterable[str], where: str = "") -> int:
    """How many of the first `MOST` secrets were tokens that worked; each is one no more. `where` says where they were
    found and is told to the owners."""
    digests = {digest_of(secret) for secret in list(secrets)[:MOST] if could_be_token(secret)}
    ended = 0
    for token in ApiToken.objects.select_related("account").filter(digest__in=digests):
        with transaction.atomic():
            if not tokens.delete(token, None, actor_name=REPORTER):
                continue
            notify(
                token.account,
                "api_token.leaked",
                (_("The API token “%(name)s” was found in public and has ended") % {"name": token.name})[:200],
                _body(token, where),
                reverse("accounts:tokens", args=[token.account_id]),
                level="critical",
            )
        ended += 1
        log.warning("leaked_token_ended", account=token.account_id, token=token.pk)
    return ended


def _body(token: ApiToken, where: str) -> str:
    found = _("Somebody reported it. We ended it at once: programs that use it are refused now.")
    shown = "".join(one for one in where[:500] if one.isprintable())
    place = "\n\n" + _("It was found at: %(where)s") % {"where": shown} if shown else ""
    todo = _("Make a new token for the program. Look through the email log for mail that was not yours.")
    return f"{found}{place}\n\n{todo}"
