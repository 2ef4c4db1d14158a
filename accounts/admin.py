"""The support desk's view of people and tenants: look at everything, suspend and release, change nothing else."""

from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts import standing
from accounts.audit_words import WORDS
from accounts.models import Account, ApiToken, AuditEntry, Invitation, Membership, User
from mailtrap_site.web.look_only import LookOnly


class AccountMembers(LookOnly, TabularInline):
    model = Membership
    fields = ("user", "role", "created_at")
    readonly_fields = fields
    extra = 0


class AccountInvitations(LookOnly, TabularInline):
    model = Invitation
    fields = ("email", "role", "invited_by", "created_at", "expires_at")
    readonly_fields = fields
    extra = 0


class UserMemberships(LookOnly, TabularInline):
    model = Membership
    fields = ("account", "role", "created_at")
    readonly_fields = fields
    extra = 0


class AccountTokens(LookOnly, TabularInline):
    model = ApiToken
    fields = ("name", "first_digits", "last_digits", "created_at", "expires_at", "last_used_at", "last_used_from")
    readonly_fields = fields
    extra = 0


class ReasonForm(forms.Form):
    """Why; the audit log keeps it, and for a suspension the account's people read it."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget)


class _Words(NamedTuple):
    """Of one change of an account's standing."""

    verb: Any
    effect: Any
    done: Any


_SUSPEND = _Words(
    gettext_lazy("Suspend"),
    gettext_lazy("Its mail is accepted and held from now on, until somebody releases it. Its people read the reason."),
    gettext_lazy("%s is suspended."),
)
_BAN = _Words(
    gettext_lazy("Ban"),
    gettext_lazy("Its mail is refused from now on, and what waits is rejected for good. Its people read the reason."),
    gettext_lazy("%s is banned."),
)
_RELEASE = _Words(
    gettext_lazy("Release"),
    gettext_lazy("It may send again, and what was held leaves in its order."),
    gettext_lazy("%s may send again."),
)


@admin.register(Account)
class AccountAdmin(LookOnly, ModelAdmin):
    list_display = ("name", "id", "shown_state", "is_platform", "created_at")
    list_filter = ("state", "is_platform")
    search_fields = ("name", "=id", "memberships__user__email")
    ordering = ("-id",)
    fields = (
        "name", "id", "organization", "monthly_cap", "state", "suspension_reason", "is_platform", "max_message_bytes",
        "created_at", "closes_at",
    )  # fmt: skip
    inlines = (AccountMembers, AccountInvitations, AccountTokens)
    actions_detail = (
        "tenant",
        {"title": gettext_lazy("Act"), "icon": "gavel", "items": ["plan", "suspend", "ban", "release"]},
    )

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"active": "success", "suspended": "danger", "banned": "danger"},
    )
    def shown_state(self, account: Account) -> tuple[str, str]:
        return account.state, account.get_state_display()

    @action(description=gettext_lazy("All about it"), url_path="tenant", icon="contact_page")
    def tenant(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return redirect("admin:tenant", object_id)

    @action(description=gettext_lazy("Plan and usage"), url_path="plan", icon="sell")
    def plan(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return redirect("admin:plan", object_id)

    @action(description=gettext_lazy("Suspend"), url_path="suspend", permissions=["stand"], icon="block")
    def suspend(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._change_standing(request, object_id, standing.suspend, _SUSPEND)

    @action(description=gettext_lazy("Ban"), url_path="ban", permissions=["stand"], icon="gavel")
    def ban(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._change_standing(request, object_id, standing.ban, _BAN)

    @action(description=gettext_lazy("Release"), url_path="release", permissions=["stand"], icon="check_circle")
    def release(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._change_standing(request, object_id, standing.release, _RELEASE)

    def has_stand_permission(self, request: HttpRequest, object_id: int | None = None) -> bool:
        return request.user.has_perm("accounts.change_account")

    def _change_standing(self, request: HttpRequest, object_id: int, change: Any, words: _Words) -> HttpResponse:
        account = get_object_or_404(Account, pk=object_id)
        form = ReasonForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            context = self.admin_site.each_context(request) | {
                "title": _("%(verb)s %(account)s?") % {"verb": words.verb, "account": account.name},
                "words": words,
                "account": account,
                "form": form,
            }
            return render(
                request, "admin/accounts/account/standing.html", context, status=422 if form.is_bound else 200
            )
        if change(account, form.cleaned_data["reason"], staff=request.user, request=request):
            messages.success(request, words.done % account.name)
        else:
            messages.warning(request, _("Nothing was changed: the account stood like that already."))
        return redirect("admin:tenant", account.pk)


@admin.register(User)
class UserAdmin(LookOnly, ModelAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("-id",)
    fields = (
        "email", "name", "time_zone", "is_active", "is_staff", "is_superuser", "last_login", "date_joined",
        "terms_version", "terms_accepted_at",
    )  # fmt: skip
    inlines = (UserMemberships,)


@admin.register(AuditEntry)
class AuditEntryAdmin(LookOnly, ModelAdmin):
    list_display = ("at", "what", "target_name", "actor_name", "by_staff", "account")
    list_filter = ("by_staff", "action")
    list_select_related = ("account",)
    search_fields = ("actor_name", "target_name", "=account__id")
    ordering = ("-id",)
    show_full_result_count = False

    @display(description=gettext_lazy("action"), ordering="action")
    def what(self, entry: AuditEntry) -> str:
        return str(WORDS.get(entry.action, entry.action))
