"""API and SMTP: where to connect, how to authenticate, lines to paste; and a test email from the dashboard."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import ApiToken
from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from domains.models import SendingDomain
from sending.models import Door, RecipientKind, Stream
from sending.models.identifiers import new_id
from sending.pages.snippets import first_mail, sending_domain, smtp_host, usable_token
from sending.policy.refusal import Refusal
from sending.protocol.address import Mailbox, parse_address
from sending.protocol.mime import MailParts, build
from sending.submission.draft import Draft
from sending.submission.submit import submit


@account_view(Ability.VIEW)
@require_safe
def integration(request: AccountRequest) -> HttpResponse:
    """The page with the doors of this instance and the snippets."""
    environment = settings.ENVIRONMENT
    context = {
        "first": first_mail(request),
        "api_url": settings.SITE_URL,
        "smtp_host": smtp_host(),
        "smtp_ports": [environment.smtp_port, *environment.smtp_extra_ports],
        "smtps_port": environment.smtps_port,
        "may_send": can(request.membership, Ability.SEND),
    }
    return render(request, "sending/integration.html", context)


@account_view(Ability.SEND)
@require_POST
def test_email(request: AccountRequest) -> HttpResponse:
    """Sends a mail from the account's verified domain to the reader, through the one door, and leads to its page."""
    domain, token = sending_domain(request), usable_token(request)
    if domain is None:
        messages.error(request, _("A test email needs a verified sending domain. Verify one first."))
        return redirect("domains:list", request.account.pk)
    if token is None:
        messages.error(request, _("A test email needs an API token. Make one first."))
        return redirect("accounts:tokens", request.account.pk)
    (outcome,) = submit([_draft(request, domain, token)])
    if isinstance(outcome, Refusal):
        messages.error(request, _("The test email was not accepted: %(why)s") % {"why": outcome.sentence})
        return redirect("sending:integration", request.account.pk)
    messages.success(request, _("The test email was accepted."))
    return redirect("sending:message", request.account.pk, outcome.message_ids[0])


def _draft(request: AccountRequest, domain: SendingDomain, token: ApiToken) -> Draft:
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
        token_id=token.pk,
        stream=Stream.TRANSACTIONAL,
        door=Door.INTERNAL,
        client_ip=request.META.get("REMOTE_ADDR") or None,
        mail_from=sender,
        recipients=((RecipientKind.TO, request.user.email),),
        message=build(parts),
        category="Test",
        smtputf8=parts.needs_smtputf8,
        submission_id=submission_id,
    )
