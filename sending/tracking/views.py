"""The pages that a recipient's links lead to. A GET only asks, because programs follow links too; a POST does.

All of them are rendered without the request: nothing of a session, a host or an account's pages can get in.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from domains.brand import ColourRefused, read_colour, shades
from sending.protocol.recipient_links import Purpose, read_recipient
from sending.tracking import opt_outs, recorder, unsubscribing
from sending.tracking.answers import answer_to
from sending.tracking.recipients import Recipient, recipient_of
from sending.tracking.seen import Seen, clean_agent, read_link

ONE_YEAR = "public, max-age=31536000, immutable"
STYLE = """@layer base {{ :root {{
  --accent: light-dark({day}, {night});
  --accent-hover: light-dark(color-mix(in oklab, {day}, #000 16%), color-mix(in oklab, {night}, #fff 22%));
  --accent-text: light-dark({day}, {night});
  --accent-line: color-mix(in oklab, var(--accent) 45%, transparent);
  --accent-soft: color-mix(in oklab, var(--accent) 12%, var(--surface));
  --on-accent: light-dark(#ffffff, #0b1320);
}} }}
"""


@require_safe
def pixel(request: HttpRequest, recipient_token: str) -> HttpResponse:
    """The image of a mail that is opened; `door` answers it on the event loop in the same way."""
    return _tracked(request, Purpose.OPEN, recipient_token)


@require_safe
def click(request: HttpRequest, recipient_token: str) -> HttpResponse:
    """On to the link's target."""
    return _tracked(request, Purpose.CLICK, recipient_token)


@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, recipient_token: str) -> HttpResponse:
    """Asks, and does it by POST: pressed here, or by a mail service with one click (RFC 8058)."""
    recipient = _recipient(Purpose.UNSUBSCRIBE, recipient_token)
    is_undone = _wants_undo(request)
    if is_undone:
        unsubscribing.subscribe_again(recipient)
    elif request.method == "POST":
        unsubscribing.unsubscribe(recipient, timezone.now(), _client_ip(request))
    is_done = not is_undone and (request.method == "POST" or unsubscribing.is_unsubscribed(recipient))
    return _page("recipients/unsubscribe.html", recipient, is_done=is_done, is_undone=is_undone)


@require_http_methods(["GET", "HEAD", "POST"])
def tracking(request: HttpRequest, recipient_token: str) -> HttpResponse:
    """Asks, and stops the tracking by POST."""
    recipient = _recipient(Purpose.TRACKING_OPT_OUT, recipient_token)
    is_undone = _wants_undo(request)
    if is_undone:
        opt_outs.remove_reader(recipient.account, recipient.place)
    elif request.method == "POST":
        opt_outs.add_reader(recipient.place, recipient.ref.message_id)
    is_done = not is_undone and (request.method == "POST" or bool(opt_outs.opted_out({recipient.place})))
    return _page("recipients/tracking.html", recipient, is_done=is_done, is_undone=is_undone)


@require_safe
def accent(request: HttpRequest, colour: str) -> HttpResponse:
    """A sender's colour as a style sheet of its own, since the pages allow no style within them."""
    try:
        chosen = shades(read_colour(colour))
    except ColourRefused as refused:
        raise Http404 from refused
    style = STYLE.format(day=chosen.day, night=chosen.night)
    return HttpResponse(style, content_type="text/css; charset=utf-8", headers={"Cache-Control": ONE_YEAR})


def unknown() -> HttpResponse:
    """What a link leads to that we did not make."""
    return HttpResponse(render_to_string("recipients/unknown.html", _frame()), status=404)


def failed() -> HttpResponse:
    """What is shown where something of ours is broken."""
    return HttpResponse(render_to_string("recipients/failed.html", _frame()), status=500)


def _tracked(request: HttpRequest, purpose: Purpose, token: str) -> HttpResponse:
    link = read_link(purpose, token, settings.RECIPIENT_LINK_KEYS)
    if link is None:
        raise Http404
    agent = clean_agent(request.META.get("HTTP_USER_AGENT", ""))
    recorder.note(Seen(link, timezone.now(), _client_ip(request), agent, request.method == "HEAD"))
    answer = answer_to(link)
    headers = {name.decode(): value.decode("latin-1") for name, value in answer.headers}
    return HttpResponse(answer.body, status=answer.status, headers=headers)


def _recipient(purpose: Purpose, token: str) -> Recipient:
    recipient = recipient_of(read_recipient(purpose, token, settings.RECIPIENT_LINK_KEYS))
    if recipient is None:
        raise Http404
    return recipient


def _page(template: str, recipient: Recipient, **state: Any) -> HttpResponse:
    domain = recipient.domain
    context = {
        "sender": recipient.sender,
        "address": recipient.masked_address,
        "is_bulk": recipient.ref.stream == "bulk",
        "link_back": domain.brand_url,
        "colour": domain.brand_colour.removeprefix("#"),
        **state,
    }
    return HttpResponse(render_to_string(template, _frame() | context))


def _frame() -> dict[str, Any]:
    return {"site_name": settings.SITE_NAME}


def _wants_undo(request: HttpRequest) -> bool:
    """Whatever else is posted, readable or not, asks for what the link is for."""
    try:
        return "undo" in request.POST
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        return False


def _client_ip(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR") or "")
