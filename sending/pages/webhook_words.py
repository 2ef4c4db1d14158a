"""What people read about webhooks: what one is told, and what came of a request."""

from typing import Any

from django.utils.translation import gettext as _

from domains.names import display_name
from mailtrap_site.web.statuses import Look
from sending.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from sending.webhooks.posting import SECONDS
from sending.webhooks.trial import SECONDS as TEST_SECONDS


def told_words(endpoint: WebhookEndpoint) -> str:
    """One sentence about what it is sent."""
    form = endpoint.get_format_display()
    if endpoint.type == WebhookEndpoint.Type.AUDIT_LOG:
        return _("The audit log, as %(format)s, in order.") % {"format": form}
    if endpoint.stream == "bulk":
        sentence = _("Events of bulk mail from %(domain)s, as %(format)s, in order.")
    else:
        sentence = _("Events of transactional mail from %(domain)s, as %(format)s, in order.")
    return sentence % {"domain": domain_words(endpoint), "format": form}


def domain_words(endpoint: WebhookEndpoint) -> str:
    """The domain that it is told of."""
    return display_name(endpoint.domain.name) if endpoint.domain_id else _("all domains")


def answer_look(attempt: WebhookAttempt, delivery: WebhookDelivery, *, is_last: bool) -> Look:
    """The badge of one request. `is_last`: of its delivery."""
    if attempt.counts:
        return Look("tick-circle", "200", "good")
    said = str(attempt.status) if attempt.status else problem_words(attempt.problem, delivery)
    if delivery.kind == WebhookDelivery.Kind.TEST:
        return Look("barred", said, "bad")
    if not is_last:
        return Look("retry", _("%(answer)s, retried") % {"answer": said}, "warn")
    endings = {
        WebhookDelivery.State.WAITING: _("%(answer)s, will retry"),
        WebhookDelivery.State.SKIPPED: _("%(answer)s, skipped"),
    }
    ending = endings.get(WebhookDelivery.State(delivery.state), "%(answer)s")
    return Look("retry", ending % {"answer": said}, "warn")


def problem_words(problem: str, delivery: WebhookDelivery | None = None) -> str:
    """Why there is no answer, in few words."""
    seconds = TEST_SECONDS if delivery is not None and delivery.kind == WebhookDelivery.Kind.TEST else SECONDS
    words: dict[str, Any] = {
        "timeout": _("No answer in %(seconds)s s") % {"seconds": f"{seconds:.0f}"},
        "unreachable": _("No connection"),
        "certificate": _("Certificate not valid"),
        "no_http": _("No HTTP answer"),
        "too_large": _("Answer too large"),
        "not_public": _("Address not public"),
        "no_host": _("No address in DNS"),
        "port": _("Port not allowed"),
    }
    return str(words.get(problem, _("Not sent")))


def explained(attempt: WebhookAttempt) -> str:
    """What to do about it; empty where the answer speaks for itself."""
    sentences = {
        "timeout": _("Answer first and work afterwards: a request that takes longer counts as failed."),
        "unreachable": _("Nothing listens there, or a firewall is in between. We connect from this service's address."),
        "certificate": _("The certificate must be valid for the host's name: %(detail)s."),
        "no_http": _("Something answered, but not in HTTP."),
        "not_public": _("%(detail)s leads to an address that is not public now. Webhooks go to public ones only."),
        "no_host": _("DNS knows no address of %(detail)s, or its servers did not answer."),
        "port": _("Webhooks go to port 443 or 80 only. Change the URL."),
    }
    if attempt.status is not None and 300 <= attempt.status < 400:
        return _("We follow no redirects: enter the final URL.")
    if attempt.status is not None and 200 < attempt.status < 300:
        return _("Only 200 counts as received. Answer 200 instead of %(status)s.") % {"status": attempt.status}
    sentence = sentences.get(attempt.problem, "")
    return sentence % {"detail": attempt.detail} if "%(detail)s" in sentence else sentence
