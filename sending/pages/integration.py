"""API and SMTP: where to connect for one domain and stream, how to authenticate, and lines to paste."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from sending.models import Stream
from sending.pages.snippets import first_mail, sending_domain, sending_domains


@account_view(Ability.VIEW)
@require_safe
def integration(request: AccountRequest) -> HttpResponse:
    """The page; `domain`, `stream` and `with` in its address choose, and the first is the default."""
    domain = sending_domain(request, request.GET.get("domain", "")) or sending_domain(request)
    stream = Stream.BULK if request.GET.get("stream") == Stream.BULK else Stream.TRANSACTIONAL
    context = {
        "first": first_mail(request, domain, stream),
        "domains": sending_domains(request),
        "streams": Stream,
        "may_send": can(request.membership, Ability.SEND),
    }
    return render(request, "sending/integration.html", context)
