"""The support desk's view of sending domains: to look at, not to change."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from domains.models import DnsRecord, SendingDomain
from mailtrap_site.web.look_only import LookOnly


class DnsRecordInline(LookOnly, TabularInline):
    model = DnsRecord
    extra = 0
    fields = ["key", "type", "name", "value", "status", "observed", "advice", "checked_at"]


@admin.register(SendingDomain)
class SendingDomainAdmin(LookOnly, ModelAdmin):
    """Keys stay out: nobody needs to see a private key."""

    list_display = ["name", "account", "compliance_status", "dns_verified_at", "checked_at", "created_at", "deleted_at"]
    list_filter = ["compliance_status"]
    list_select_related = ["account"]
    search_fields = ["name", "account__name"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [DnsRecordInline]
    actions_detail = ("compliance",)

    @action(description=gettext_lazy("Compliance"), url_path="compliance", icon="verified_user")
    def compliance(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return redirect("admin:compliance_review", object_id)
