"""The sandboxes of an account: their mail, how to send to them, and what their owners do with them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.roles import Ability, can, require
from accounts.tenancy import AccountRequest, account_view
from billing.terms import terms_of
from mailtrap_site.web.wording import size_words
from sending.capture import sandboxes as life
from sending.capture import store
from sending.pages import captured_mail as mail_pages
from sending.pages import mailbox as list_pages
from sending.pages.mailbox import Mailbox
from sending.pages.sandbox_snippets import lines_for


class SandboxForm(forms.Form):
    """The name that tells a sandbox from the others."""

    name = forms.CharField(
        label=gettext_lazy("Name of the sandbox"),
        max_length=100,
        help_text=gettext_lazy("Say what sends to it, such as “Shop, staging”."),
        error_messages={
            "required": gettext_lazy("The sandbox needs a name, so that you can tell it from the others. Type one.")
        },
    )


def _of_sandbox(ability: Ability, *methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., Any]]:
    """Decorates a view of one mailbox: it is called with the mailbox of a sandbox of the account, or answers 404."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
        @account_view(ability)
        @require_http_methods(methods or ["GET", "HEAD"])
        def page(request: AccountRequest, sandbox_id: int, **arguments: Any) -> HttpResponse:
            sandbox = get_object_or_404(request.account.sandboxes.select_related("account"), pk=sandbox_id)
            mailbox = Mailbox(
                sandbox,
                reverse("sending:sandbox", args=[request.account.pk, sandbox.pk]),
                may_read=can(request.membership, Ability.VIEW_CONTENT),
                reads_links=can(request.membership, Ability.VIEW_LINKS),
                may_manage=can(request.membership, Ability.MANAGE_SANDBOXES),
            )
            return view(request, mailbox, **arguments)

        return page

    return decorate


@account_view(Ability.VIEW)
@require_safe
def sandboxes(request: AccountRequest) -> HttpResponse:
    """Leads to the account's first sandbox."""
    return redirect("sending:sandbox", request.account.pk, life.sandboxes_of(request.account)[0].pk)


@account_view(Ability.MANAGE_SANDBOXES)
@require_http_methods(["GET", "HEAD", "POST"])
def sandbox_add(request: AccountRequest) -> HttpResponse:
    """Asks for a name, then makes a sandbox."""
    form = SandboxForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = life.make(request.account, form.cleaned_data["name"], request=request)
        except life.TooMany:
            form.add_error(
                None, _("An account has at most %(most)s sandboxes. Delete one first.") % {"most": life.MOST}
            )
        else:
            messages.success(request, _("“%(name)s” was made.") % {"name": made.name})
            return redirect("sending:sandbox", request.account.pk, made.pk)
    return render(request, "sending/sandbox_add.html", {"form": form}, status=422 if form.errors else 200)


@_of_sandbox(Ability.VIEW)
def sandbox(request: AccountRequest, mailbox: Mailbox) -> HttpResponse:
    """Its mail; while there is none, how to send the first."""
    assert mailbox.sandbox is not None
    lines = SimpleLazyObject(partial(lines_for, request, mailbox.sandbox))
    return list_pages.show_list(request, mailbox, sandboxes=life.sandboxes_of(request.account), lines=lines)


@_of_sandbox(Ability.VIEW, "GET", "HEAD", "POST")
def sandbox_setup(request: AccountRequest, mailbox: Mailbox) -> HttpResponse:
    """How to send to it, and what its owners may change."""
    assert mailbox.sandbox is not None
    form = SandboxForm(request.POST or None, initial={"name": mailbox.sandbox.name})
    if request.method == "POST":
        require(request, Ability.MANAGE_SANDBOXES)
        if form.is_valid():
            changed = life.rename(mailbox.sandbox, form.cleaned_data["name"], request=request)
            messages.success(request, _("The name was saved.") if changed else _("Nothing was changed."))
            return redirect("sending:sandbox_setup", request.account.pk, mailbox.sandbox.pk)
    context = {
        "mailbox": mailbox,
        "sandboxes": life.sandboxes_of(request.account),
        "form": form,
        "lines": lines_for(request, mailbox.sandbox),
        "tally": store.tally(mailbox.id),
        "log_days": terms_of(request.account).log_days,
        "kept": store.KEPT,
        "kept_size": size_words(store.KEPT_OCTETS),
    }
    return render(request, "sending/sandbox_setup.html", context, status=422 if form.errors else 200)


@_of_sandbox(Ability.MANAGE_SANDBOXES, "GET", "HEAD", "POST")
def sandbox_delete(request: AccountRequest, mailbox: Mailbox) -> HttpResponse:
    """Asks, then deletes the sandbox with its mail."""
    assert mailbox.sandbox is not None
    if request.method != "POST":
        context = {"mailbox": mailbox, "tally": store.tally(mailbox.id)}
        return render(request, "sending/sandbox_delete.html", context)
    try:
        life.delete(mailbox.sandbox, request=request)
    except life.TheLast:
        messages.error(request, _("An account keeps one sandbox. Empty it, or make another one first."))
        return redirect("sending:sandbox_setup", request.account.pk, mailbox.sandbox.pk)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": mailbox.name})
    return redirect("sending:sandboxes", request.account.pk)


sandbox_read = _of_sandbox(Ability.VIEW_CONTENT, "POST")(list_pages.read_all)
sandbox_empty = _of_sandbox(Ability.MANAGE_SANDBOXES, "GET", "HEAD", "POST")(list_pages.empty)
sandbox_mail = _of_sandbox(Ability.VIEW_CONTENT)(mail_pages.show_mail)
sandbox_preview = _of_sandbox(Ability.VIEW_CONTENT)(mail_pages.show_preview)
sandbox_source = _of_sandbox(Ability.VIEW_CONTENT)(mail_pages.show_source_file)
sandbox_part = _of_sandbox(Ability.VIEW_CONTENT)(mail_pages.show_part)
sandbox_mail_delete = _of_sandbox(Ability.MANAGE_SANDBOXES, "GET", "HEAD", "POST")(list_pages.delete_mail)
