"""One message: where it is, what was said on the wire, what was in it."""

import uuid
from dataclasses import replace
from datetime import datetime

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import ApiToken
from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from billing import requests
from domains.models import SendingDomain
from mailtrap_site.web.navigation import url_or_nothing
from mailtrap_site.web.partials import STOP_POLLING, render_page, unchanged
from sending.capture.store import captured_copy
from sending.delivery.source import CannotCompose
from sending.log.sentences import headline, support
from sending.log.story import Story, tell
from sending.log.timeline import Line, timeline
from sending.models import Message
from sending.pages.decisions import decisions_about
from sending.pages.hidden_links import hides_from, source_for
from sending.pages.previews import Reading, preview_response, read_mail, show_source, source_response
from sending.pages.questions import QuestionForm
from sending.pages.reach import message_of
from sending.pages.scheduled import scheduled_of, time_form
from sending.protocol.hidden_mail import HiddenMail
from sending.protocol.secret_links import hide_in_text
from sending.suppressions.lists import standing_for

SUPPRESSED = ("bounced", "rejected", "opted_out", "spam")
"""States of messages whose recipients may be on the suppression list."""
TABS = ("timeline", "content", "source", "headers")


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def message(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    """The page; while the message is under way, its answer and timeline refresh themselves."""
    found, now = message_of(request, message_id), timezone.now()
    story, show = tell(found, now), _shown_tab(request)
    may_send = can(request.membership, Ability.SEND)
    scheduled, zone = scheduled_of(found) if may_send else None, timezone.get_current_timezone()
    poll_seconds = _poll_seconds(story, now)
    question = requests.last_about(request.account, found.pk)
    seen = f"{story.state}-{len(story.events)}-{poll_seconds}"
    if request.GET.get("seen") == seen:
        return unchanged()
    context = {
        "story": story,
        "message": found,
        "headline": headline(story, now),
        "support": support(story, now),
        "poll": f"?show={show}&seen={seen}" if poll_seconds else "",
        "poll_seconds": poll_seconds,
        "show": show,
        "tabs": _tabs(request, show),
        "timeline": _timeline(request, story),
        "captured": captured_copy(found),
        "suppression": standing_for(found) if story.state in SUPPRESSED else None,
        "decisions": decisions_about(found) if may_send else (),
        "may_send_again": may_send and found.finished_at is not None,
        "ways": _ways(request, story),
        "question": question,
        "question_form": QuestionForm(),
        "may_ask": may_send and not (question and question.is_open),
        "scheduled": scheduled,
        "time_form": time_form(scheduled, zone) if scheduled else None,
        "zone": zone,
        **_content(request, found, show),
    }
    done = "seen" in request.GET and not poll_seconds
    return render_page(
        request,
        "sending/message.html",
        "sending/_message_story.html",
        context,
        target="story",
        status=STOP_POLLING if done else 200,
    )


@account_view(Ability.VIEW_CONTENT, by_domain=True)
@require_safe
def message_preview(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    """The HTML part alone, for the sandboxed frame: no scripts, no remote images."""
    return preview_response(_reading(_source(request, message_of(request, message_id)).source))


@account_view(Ability.VIEW_CONTENT, by_domain=True)
@require_safe
def message_source(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    """The message as a file, byte for byte as it left unless secrets of its links are hidden from the reader."""
    found = message_of(request, message_id)
    shown = _source(request, found)
    return source_response(shown.source, f"{found.pk}-links-hidden" if shown.is_changed else str(found.pk))


def _ways(request: AccountRequest, story: Story) -> list[tuple[str, str]]:
    """Pages on which the reader can mend what the explanation names: their words and addresses."""
    if story.explanation and story.explanation.about_domain and (url := _domain_url(story)):
        return [(_("Open the sending domain"), url)]
    return []


def _domain_url(story: Story) -> str:
    """Empty for a domain that was deleted."""
    domain = SendingDomain.objects.filter(pk=story.message.domain_id, deleted_at=None).first()
    return url_or_nothing("domains:detail", domain.account_id, domain.pk) if domain else ""


def _token_name(story: Story) -> str:
    token_id = story.submission.token_id if story.submission else None
    if token_id is None:
        return ""
    return ApiToken.objects.filter(pk=token_id).values_list("name", flat=True).first() or ""


def _timeline(request: AccountRequest, story: Story) -> list[Line]:
    """A click tells the link."""
    lines = timeline(story, _token_name(story))
    if hides_from(request, story.message):
        return [replace(line, rest=hide_in_text(line.rest).text) for line in lines]
    return lines


def _source(request: AccountRequest, found: Message) -> HiddenMail:
    try:
        return source_for(request, found)
    except CannotCompose as gone:
        raise Http404(gone.sentence) from gone


def _reading(source: bytes) -> Reading:
    reading = read_mail(source)
    if not reading.html:
        raise Http404
    return reading


def _content(request: AccountRequest, found: Message, show: str) -> dict[str, object]:
    """What the tab beside the timeline needs; `gone` says why there is nothing to show."""
    if show == "timeline":
        return {}
    try:
        source, is_hidden = source_for(request, found)
    except CannotCompose as gone:
        return {"gone": gone.sentence}
    shown = {"source": show_source(source)} if show == "source" else {"reading": read_mail(source)}
    return {**shown, "hidden_in": found.get_stream_display() if is_hidden else ""}


def _shown_tab(request: AccountRequest) -> str:
    show = request.GET.get("show", "")
    return show if show in TABS and can(request.membership, Ability.VIEW_CONTENT) else TABS[0]


def _tabs(request: AccountRequest, show: str) -> list[tuple[str, str, bool]]:
    words = {"timeline": _("Timeline"), "content": _("Content"), "source": _("Source"), "headers": _("Headers")}
    allowed = TABS if can(request.membership, Ability.VIEW_CONTENT) else TABS[:1]
    return [(words[key], f"?show={key}", key == show) for key in allowed]


def _poll_seconds(story: Story, now: datetime) -> int:
    """How often the page asks: often while the mail is fresh, seldom later and before its time, never once it is
    settled (0)."""
    if story.is_settled:
        return 0
    age = (now - story.message.leaves_since).total_seconds()
    return 2 if -10 < age < 60 else 10 if -60 < age < 3600 else 60
