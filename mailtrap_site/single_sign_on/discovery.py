"""Asks a provider who it is (OpenID Connect Discovery 1.0, section 4), before its settings are kept."""

from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from mailtrap_site.single_sign_on.guarded_session import GuardedSession

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class NoProvider(Exception):
    """There is none of use; the text is a sentence for people."""


def issuer_of(address: str) -> str:
    """The issuer exactly as the provider spells it. Raises NoProvider. Network."""
    asked = address.strip().rstrip("/")
    if urlsplit(asked).scheme not in (("https", "http") if settings.DEBUG else ("https",)):
        raise NoProvider(_("The issuer must begin with https://."))
    try:
        with GuardedSession() as session:
            answer = session.get(f"{asked}/.well-known/openid-configuration")
            answer.raise_for_status()
            found = answer.json()
    except (requests.RequestException, ValueError) as problem:
        raise NoProvider(
            _("%(issuer)s/.well-known/openid-configuration did not answer. It must be public and served over https.")
            % {"issuer": asked}
        ) from problem
    issuer = found.get("issuer") if isinstance(found, dict) else None
    if not isinstance(issuer, str) or issuer.rstrip("/") != asked:
        raise NoProvider(_("The provider there calls itself %(issuer)s. Enter that.") % {"issuer": issuer or "–"})
    missing = [name for name in NEEDED if not isinstance(found.get(name), str)]
    if missing:
        raise NoProvider(_("The provider does not say its %(names)s.") % {"names": ", ".join(missing)})
    return issuer
