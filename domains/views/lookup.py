"""Finding the domain that a page is about: always from the account, so that a stranger's is 404."""

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.tenancy import AccountRequest, within
from domains.models import SendingDomain


def domains_of(request: AccountRequest) -> QuerySet[SendingDomain]:
    """The account's domains that the reader sees, deleted ones left out."""
    return within(request, SendingDomain.objects.filter(account=request.account, deleted_at=None), "pk")


def domain_of(request: AccountRequest, domain_id: int) -> SendingDomain:
    """One of them. Raises Http404."""
    return get_object_or_404(domains_of(request).select_related("account", "created_by"), pk=domain_id)


def own_domain_of(request: AccountRequest, domain_id: int) -> SendingDomain:
    """The same for what makes no sense for the demo domain, whose records we keep. Raises Http404."""
    domain = domain_of(request, domain_id)
    if domain.is_demo:
        raise Http404
    return domain
