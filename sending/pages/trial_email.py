"""A test email from the dashboard: from a verified domain to whoever is signed in, and to nobody else."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from domains.models import SendingDomain
from sending.models import Door, RecipientKind, Stream
from sending.models.identifiers import new_id
from sending.pages.snippets import sending_domain
from sending.policy.refusal import Refusal
from sending.protocol.address import Mailbox, parse_address
from sending.protocol.mime import MailParts, build
from sending.submission.draft import Draft
from sending.submission.submit import submit


@account_view(Ability.SEND, by_domain=True)
@require_POST
def trial_email(request: AccountRequest) -> HttpResponse:
    """Sends it through the one door and leads to its page. The form names domain and stream."""
    domain = sending_domain(request, request.POST.get("domain", ""))
    if domain is None:
        messages.error(request, _("A test email needs a verified sending domain. Verify one first."))
        return redirect("domains:list", request.account.pk)
    stream = Stream.BULK if request.POST.get("stream") == Stream.BULK else Stream.TRANSACTIONAL
    (outcome,) = submit([_draft(request, domain, stream)])
    if isinstance(outcome, Refusal):
        messages.error(request, _("The test email was not accepted: %(why)s") % {"why": outcome.sentence})
        return redirect("sending:integration" if request.domain_ids is None else "domains:list", request.account.pk)
    messages.success(request, _("The test email was accepted."))
    return redirect("sending:message", request.account.pk, outcome.message_ids[0])


def _draft(request: AccountRequest, domain: SendingDomain, stream: Stream) -> Draft:
    sender, submission_id = f"test@{domain.name}", new_id()
    parts = MailParts(
        from_=Mailbox(request.account.name, parse_address(sender)),
        to=(Mailbox(request.user.name, parse_address(request.user.email)),),
        subject=_("Test email from %(domain)s") % {"domain": domain.name},
        text=_("It works. This mail was accepted, signed for %(domain)s and delivered by %(site)s.")
        % {"domain": domain.name, "site": settings.SITE_NAME},
        date=timezone.now(),
        message_id=f"{submission_id}@{domain.name}",
        boundary_seed=submission_id.bytes,
    )
    return Draft(
        account_id=request.account.pk,
        token_id=None,
        stream=stream,
        door=Door.INTERNAL,
        client_ip=request.META.get("REMOTE_ADDR") or None,
        mail_from=sender,
        recipients=((RecipientKind.TO, request.user.email),),
        message=build(parts),
        category="Test",
        smtputf8=parts.needs_smtputf8,
        submission_id=submission_id,
    )
