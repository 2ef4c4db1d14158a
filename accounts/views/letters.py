"""Which letters about an account somebody gets: chosen on a page, or stopped with one click from a letter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import letter_choice
from accounts.notice_kinds import KINDS, TOPICS
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view


@account_view(Ability.VIEW, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
def letters(request: AccountRequest) -> HttpResponse:
    """The reader's own choice, by kind."""
    if request.method == "POST":
        if letter_choice.choose(request.membership, set(request.POST.getlist("kind")), request):
            messages.success(request, _("Your choice of letters was saved."))
        return redirect("accounts:letters", request.account.pk)
    stopped = set(request.membership.stopped_letters)
    topics = [
        (TOPICS[topic], [(name, kind, name not in stopped) for name, kind in kinds])
        for topic, kinds in letter_choice.kinds_told(request.membership).items()
    ]
    return render(request, "accounts/letters.html", {"topics": topics})


# The token says who asks, and no cookie does: a mail program presses this button, without a page of ours before it.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def letters_stop(request: HttpRequest, token: str) -> HttpResponse:
    """A POST stops letters of one kind (RFC 8058); a GET only shows the button, since programs follow links."""
    try:
        membership, kind = letter_choice.read_one_click(token)
    except letter_choice.BadToken:
        return render(request, "accounts/link_unknown.html", status=404)
    context = {"membership": membership, "words": KINDS[kind].words, "is_stopped": kind in membership.stopped_letters}
    if request.method == "POST":
        letter_choice.stop(membership, kind, request)
        context["is_stopped"] = True
    return render(request, "accounts/letters_stop.html", context)
