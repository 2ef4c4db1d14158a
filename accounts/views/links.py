"""Where the links of letters arrive: on to their page for whom they are for, and nowhere for anybody else."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.links import BadLink, LinkEnded, read_link
from accounts.models import User


@require_safe
@never_cache
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever is signed out signs in first and comes back here."""
    try:
        found = read_link(token)
    except LinkEnded:
        return render(request, "accounts/link_ended.html", status=410)
    except BadLink:
        return render(request, "accounts/link_unknown.html", status=404)
    reader = User.objects.filter(pk=found.user_id).first()
    if reader is None:
        return render(request, "accounts/link_ended.html", status=410)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if request.user.pk != reader.pk:
        return render(request, "accounts/link_for_another.html", {"reader": reader}, status=403)
    return redirect(found.path)
