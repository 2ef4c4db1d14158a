"""Why the body of an email is not there."""

from datetime import timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sending.models import Message, StreamSetting, Submission
from sending.models.identifiers import id_floor, time_of
from sending.suppressions.marks import ERASED

_BEFORE, _AFTER = timedelta(seconds=10), timedelta(minutes=5)
"""How far the ids of an email's messages may lie from its own: they are made together, copies when it is accepted."""


def why_no_body(submission: Submission | None) -> str:
    """A sentence for people; None for a submission that is gone itself."""
    gone = _("The content of this message is no longer stored.")
    if submission is None:
        return gone
    if _is_erased(submission):
        return _("The body was removed, because somebody who got this email was erased.")
    expires_at = time_of(submission.content_id)
    chosen = StreamSetting.objects.filter(account=submission.account_id, stream=submission.stream, body_days=0)
    if expires_at > timezone.now():
        if not chosen.exists():
            return gone
        return _(
            "The body was deleted when nobody waited for this email any more: your account keeps none of this stream. "
            "You choose that on the page Streams."
        )
    words = _("The body was kept until %(day)s, as your plan and the page Streams said when it was accepted.")
    return words % {"day": date_format(timezone.localtime(expires_at), "j F Y, H:i")}


def _is_erased(submission: Submission) -> bool:
    made_at = time_of(submission.pk)
    near = Message.objects.filter(pk__gte=id_floor(made_at - _BEFORE), pk__lt=id_floor(made_at + _AFTER))
    return near.filter(account=submission.account_id, submission=submission.pk, recipient=ERASED).exists()
