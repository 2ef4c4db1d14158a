"""The way to a SAML provider and back.

The provider's answer comes as a POST from its own site, without the cookies of ours: what it says is proved, and waits
for a minute in a signed cookie until a GET of our own site finds the session that had asked.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import structlog
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import SingleSignOn, User
from accounts.models.single_sign_on import account_id_of
from mailtrap_site.single_sign_on import saml
from mailtrap_site.single_sign_on.adapter import did_not_answer, refusal, row_of
from mailtrap_site.single_sign_on.saml import Flaw, NotBelieved

log = structlog.get_logger(__name__)

COOKIE = "saml_answer"
COOKIE_SECONDS = 60
ASKED_FOR = timedelta(minutes=15)
"""As long as somebody may take at their provider."""
MOST_ASKED = 5
"""Questions of one browser that wait for an answer."""
_SESSION_KEY = "saml_questions"
_SALT = "single_sign_on.saml"
WORDS = {
    Flaw.UNSIGNED: gettext_lazy("Its assertion is not signed."),
    Flaw.ALGORITHM: gettext_lazy("It signs with SHA-1, which no longer counts. Its admins can choose SHA-256."),
    Flaw.ENCRYPTED: gettext_lazy("It encrypts its assertions, which we do not read. Its admins can switch that off."),
    Flaw.AUDIENCE: gettext_lazy("Its answer was made for another service. Its admins can compare the addresses."),
    Flaw.TIME: gettext_lazy("Its answer is too old, or from the future: a clock may be wrong."),
    Flaw.REFUSED: gettext_lazy("It did not let you in."),
    Flaw.UNREADABLE: gettext_lazy("Its answer could not be proved."),
}
"""What is said of the provider; the rest concerns the way here."""


@never_cache
@require_safe
def saml_login(request: HttpRequest, provider: str) -> HttpResponse:
    """Leads to the provider, with a question that this browser's session remembers."""
    row = _row(provider)
    if not saml.is_here():
        return refusal(request, _("This service cannot read SAML at the moment. Tell whoever runs it."), status=503)
    question_id, url = saml.question(row)
    asked = request.session.get(_SESSION_KEY, [])[1 - MOST_ASKED :]
    request.session[_SESSION_KEY] = [*asked, [question_id, provider, timezone.now().timestamp()]]
    return redirect(url)


# Comes from the provider's site; the signature says who made it, and the next step asks whether this browser asked.
@csrf_exempt
@never_cache
@require_POST
def saml_answer(request: HttpRequest, provider: str) -> HttpResponse:
    """The address for answers (assertion consumer service). What RelayState says is not looked at."""
    row = _row(provider)
    try:
        if not saml.is_here():
            raise NotBelieved(Flaw.UNREADABLE, "no library")
        said = saml.read(row, request.POST.get("SAMLResponse", ""))
        _take_once(row, said)
        outcome = {"question": said.question_id, "person": said.person, "email": said.email, "name": said.name}
    except NotBelieved as problem:
        log.warning("saml_not_believed", account_id=row.account_id, flaw=problem.flaw.value, detail=problem.detail)
        outcome = {"flaw": problem.flaw.value}
    # A page would bring a cookie of its own, over the one of forms that stand open.
    answer = redirect("single_sign_on:saml_finish", provider)
    answer.set_cookie(
        COOKIE,
        signing.dumps(outcome, salt=_SALT + provider, compress=True),
        max_age=COOKIE_SECONDS,
        path="/sso/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


@never_cache
@require_safe
def saml_finish(request: HttpRequest, provider: str) -> HttpResponse:
    """Signs in whom the answer names, if this browser asked the question; else says why not."""
    row = _row(provider)
    try:
        said = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT + provider, max_age=COOKIE_SECONDS)
    except signing.BadSignature:
        said = {"flaw": Flaw.OTHER_BROWSER.value}
    if "flaw" in said:
        answer = _not_believed(request, row, Flaw(said["flaw"]))
    elif not _was_asked_here(request, provider, said["question"]):
        answer = _not_believed(request, row, Flaw.OTHER_BROWSER)
    else:
        vouched = {"email": said["email"], "name": said["name"]}
        account = SocialAccount(provider=provider, uid=said["person"], extra_data=vouched)
        login = SocialLogin(user=User(email=said["email"]), account=account)
        login.state = {"process": AuthProcess.LOGIN}
        answer = complete_social_login(request, login)
    answer.delete_cookie(COOKIE, path="/sso/", samesite="Lax")
    return answer


@require_safe
def saml_metadata(request: HttpRequest, provider: str) -> HttpResponse:
    """Who we are, for the provider of one account; its address is our entity ID."""
    account_id = account_id_of(provider)
    if account_id is None or not saml.is_here():
        raise Http404
    return HttpResponse(saml.metadata(account_id), content_type="application/samlmetadata+xml")


def _row(provider: str) -> SingleSignOn:
    row = row_of(provider, SingleSignOn.Protocol.SAML)
    if row is None:
        raise Http404
    return row


def _take_once(row: SingleSignOn, said: saml.Said) -> None:
    """Of all processes together one takes an answer, once, for as long as its question counts. Raises NotBelieved."""
    key = sha256(f"{row.pk} {said.assertion_id}".encode()).hexdigest()
    if not cache.add(f"saml:{key}", True, ASKED_FOR.total_seconds() + COOKIE_SECONDS):
        raise NotBelieved(Flaw.REPLAYED)


def _was_asked_here(request: HttpRequest, provider: str, question_id: str) -> bool:
    """Whether this session asked it, not long ago; each question is answered once."""
    since = (timezone.now() - ASKED_FOR).timestamp()
    asked: list[list[Any]] = request.session.get(_SESSION_KEY, [])
    request.session[_SESSION_KEY] = [one for one in asked if one[0] != question_id]
    return any(one[:2] == [question_id, provider] and one[2] >= since for one in asked)


def _not_believed(request: HttpRequest, row: SingleSignOn, flaw: Flaw) -> HttpResponse:
    if flaw in WORDS:
        return refusal(request, f"{did_not_answer()} {WORDS[flaw]}", again=row.login_path)
    reason = {
        Flaw.UNASKED: _("Sign-ins do not begin at your organisation: somebody else could have begun it."),
        Flaw.REPLAYED: _("This sign-in was used already."),
        Flaw.OTHER_BROWSER: _("This sign-in did not begin in this browser, or it took too long."),
    }[flaw]
    return refusal(request, reason + " " + _("Begin again here."), again=row.login_path)
