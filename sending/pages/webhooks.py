"""The webhooks of an account: list, add, change, replace the secret, test, pause, resume, send again, delete."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view, require_domain, within
from sending.models import WebhookAttempt, WebhookEndpoint
from sending.pages.webhook_forms import ReplayForm, SecretForm, WebhookForm
from sending.pages.webhook_words import told_words
from sending.webhooks import KEPT, endpoints, replays
from sending.webhooks.batches import waiting_events
from sending.webhooks.endpoints import By, Refused
from sending.webhooks.replays import NotReplayed
from sending.webhooks.signatures import standard_secret
from sending.webhooks.trial import run_test

WebhookView = Callable[..., HttpResponse]


def of_webhook(ability: Ability, *methods: str) -> Callable[[WebhookView], Callable[..., HttpResponseBase]]:
    """Decorates a view of one webhook of the account: it is called with the endpoint, or answers 404."""

    def decorate(view: WebhookView) -> Callable[..., HttpResponseBase]:
        @account_view(ability, by_domain=True)
        def page(request: AccountRequest, webhook_id: int, **arguments: Any) -> HttpResponseBase:
            endpoint = get_object_or_404(request.account.webhooks, pk=webhook_id)
            require_domain(request, endpoint.domain_id)
            allowed = require_http_methods(methods or ["GET", "HEAD"])(view)
            answer: HttpResponseBase = allowed(request, endpoint, **arguments)
            return answer

        return page

    return decorate


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def webhooks(request: AccountRequest) -> HttpResponse:
    """All webhooks with how they fare."""
    found = list(within(request, request.account.webhooks.order_by("pk")))
    waiting = waiting_events(one.pk for one in found)
    rows = [
        {
            "endpoint": one,
            "told": told_words(one),
            "waiting": waiting.get(one.pk, 0),
            "last": WebhookAttempt.objects.filter(endpoint=one).order_by("-id").defer("answer_body").first(),
        }
        for one in found
    ]
    may_manage = can(request.membership, Ability.MANAGE_WEBHOOKS)
    return render(request, "sending/webhooks.html", {"rows": rows, "may_manage": may_manage})


@account_view(Ability.MANAGE_WEBHOOKS, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def webhook_add(request: AccountRequest) -> HttpResponse:
    """Asks for the settings; the answer to a good form shows the secret."""
    form = WebhookForm(request.account, _posted(request), domain_ids=request.domain_ids)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint = endpoints.create(request.account, form.wanted(), _by(request))
        except Refused as refused:
            form.refuse(refused)
        else:
            return _secret_page(request, endpoint, endpoint.secret, is_new=True)
    return render(request, "sending/webhook_add.html", {"form": form}, status=422 if form.errors else 200)


@of_webhook(Ability.MANAGE_WEBHOOKS, "GET", "HEAD", "POST")
def webhook_edit(request: AccountRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """The settings of one."""
    form = WebhookForm(request.account, _posted(request), endpoint, domain_ids=request.domain_ids)
    if request.method == "POST" and form.is_valid():
        try:
            changed = endpoints.change(endpoint, form.wanted(), _by(request))
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The webhook was saved.") if changed else _("Nothing was changed."))
            return _to(request, endpoint)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "sending/webhook_edit.html", context, status=422 if form.errors else 200)


@never_cache
@of_webhook(Ability.MANAGE_WEBHOOKS, "GET", "HEAD", "POST")
def webhook_secret(request: AccountRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """Asks how long both are good, then makes a new secret and shows it."""
    form = SecretForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        secret = endpoints.replace_secret(endpoint, form.hours, _by(request))
        endpoint.refresh_from_db()
        return _secret_page(request, endpoint, secret, is_new=False)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "sending/webhook_secret.html", context, status=422 if form.errors else 200)


@of_webhook(Ability.MANAGE_WEBHOOKS, "POST")
def webhook_switch(request: AccountRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """Ends the time in which both secrets are good."""
    if endpoints.switch_secret(endpoint, _by(request)):
        messages.success(request, _("The new secret signs alone from now on."))
    return _to(request, endpoint)


@of_webhook(Ability.MANAGE_WEBHOOKS, "POST")
def webhook_test(request: AccountRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """Posts a test while the reader waits, and leads to what was answered."""
    posted = run_test(endpoint)
    if posted.counts:
        messages.success(request, _("Your server answered 200."))
    else:
        messages.error(request, _("Your server did not answer 200. What we sent and heard stands below."))
    newest = endpoint.attempts.order_by("-id").values_list("pk", flat=True).first()
    return _to(request, endpoint, f"?open={newest}")


@of_webhook(Ability.MANAGE_WEBHOOKS, "GET", "HEAD", "POST")
def webhook_state(request: AccountRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """Pauses, resumes, tries now. To resume without what waits is asked on a page of its own."""
    if request.method != "POST":
        waiting = waiting_events([endpoint.pk]).get(endpoint.pk, 0)
        return render(request, "sending/webhook_skip_waiting.html", {"endpoint": endpoint, "waiting": waiting})
    by = _by(request)
    acts: dict[str, tuple[Callable[[], bool], str]] = {
        "pause": (lambda: endpoints.pause(endpoint, by), _("The webhook was paused. Its events are queued.")),
        "resume": (lambda: endpoints.resume(endpoint, by), _("The webhook was resumed. All that waits is sent now.")),
        "skip_waiting": (
            lambda: endpoints.resume(endpoint, by, skip_waiting=True),
            _("The webhook was resumed without what waited."),
        ),
        "try_now": (lambda: endpoints.try_now(endpoint), _("It is tried again now.")),
    }
    act, done = acts.get(request.POST.get("act", ""), (lambda: False, ""))
    if act():
        messages.success(request, done)
    return _to(request, endpoint)


@of_webhook(Ability.MANAGE_WEBHOOKS, "GET", "HEAD", "POST")
def webhook_replay(request: AccountRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """Asks since when, then sends again what was sent."""
    form = ReplayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            if values["since"]:
                count = replays.send_since_again(endpoint, values["since"], _by(request))
            else:
                count = replays.send_range_again(endpoint, values["begin"], values["end"], _by(request))
        except NotReplayed as problem:
            form.add_error(None, _not_replayed(problem))
        else:
            sentence = ngettext("%(count)s event is sent again.", "%(count)s events are sent again.", count)
            messages.success(request, sentence % {"count": count})
            return _to(request, endpoint)
    context = {"form": form, "endpoint": endpoint, "days": KEPT.days}
    return render(request, "sending/webhook_replay.html", context, status=422 if form.errors else 200)


@of_webhook(Ability.MANAGE_WEBHOOKS, "POST")
def webhook_delivery_again(request: AccountRequest, endpoint: WebhookEndpoint, delivery_id: int) -> HttpResponse:
    """Sends one delivery again, behind what waits."""
    delivery = get_object_or_404(endpoint.deliveries, pk=delivery_id)
    try:
        replays.send_again(endpoint, delivery, _by(request))
        messages.success(request, _("It is sent again."))
    except NotReplayed as problem:
        messages.error(request, _not_replayed(problem))
    return _to(request, endpoint)


@of_webhook(Ability.MANAGE_WEBHOOKS, "POST")
def webhook_delivery_skip(request: AccountRequest, endpoint: WebhookEndpoint, delivery_id: int) -> HttpResponse:
    """Gives up on one that waits, so that the others go on."""
    delivery = get_object_or_404(endpoint.deliveries, pk=delivery_id)
    if endpoints.skip(endpoint, delivery, _by(request)):
        messages.success(request, _("It was skipped. What waits behind it goes on."))
    return _to(request, endpoint)


@of_webhook(Ability.MANAGE_WEBHOOKS, "GET", "HEAD", "POST")
def webhook_delete(request: AccountRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """Asks, then deletes it with its log and what waits."""
    if request.method != "POST":
        waiting = waiting_events([endpoint.pk]).get(endpoint.pk, 0)
        return render(request, "sending/webhook_delete.html", {"endpoint": endpoint, "waiting": waiting})
    endpoints.delete(endpoint, _by(request))
    messages.success(request, _("The webhook was deleted."))
    return redirect("sending:webhooks", request.account.pk)


def _secret_page(request: AccountRequest, endpoint: WebhookEndpoint, secret: str, *, is_new: bool) -> HttpResponse:
    _current, following = endpoint.secrets_at(timezone.now())
    context = {
        "endpoint": endpoint,
        "secret": secret,
        "standard": standard_secret(secret),
        "is_new": is_new,
        "switches_at": endpoint.switches_at if following else None,
    }
    return render(request, "sending/webhook_secret_shown.html", context)


def _not_replayed(problem: NotReplayed) -> str:
    if problem.reason == "still_waiting":
        return _("What you asked for before is still waiting to be sent again. Try again once it has left.")
    return _("Nothing is kept of it: what was sent is kept for %(days)s days.") % {"days": KEPT.days}


def _posted(request: AccountRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _by(request: AccountRequest) -> By:
    return By(request=request, user=request.user)


def _to(request: AccountRequest, endpoint: WebhookEndpoint, rest: str = "") -> HttpResponse:
    page = redirect("sending:webhook", request.account.pk, endpoint.pk)
    page["Location"] += rest
    return page
