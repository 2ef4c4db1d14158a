"""Why the body of an email is not there."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sending.models import StreamSetting, Submission
from sending.models.identifiers import time_of


def why_no_body(submission: Submission | None) -> str:
    """A sentence for people; None for a submission that is gone itself."""
    gone = _("The content of this message is no longer stored.")
    if submission is None:
        return gone
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
