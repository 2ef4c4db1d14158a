"""The support desk's view of sending domains: to look at, not to change."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from domains.models import DmarcReport, DmarcSource, DnsRecord, SendingDomain, TlsReport
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


class _ReportAdmin(LookOnly, ModelAdmin):
    """What receivers claim; nobody changes it."""

    list_select_related = ["domain"]
    search_fields = ["domain__name"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(DmarcReport)
class DmarcReportAdmin(_ReportAdmin):
    list_display = ["organization", "domain", "begins_at", "ends_at", "received_at"]


@admin.register(DmarcSource)
class DmarcSourceAdmin(LookOnly, ModelAdmin):
    list_display = ["address", "header_from", "emails", "disposition", "dkim_aligned", "spf_aligned", "report"]
    list_select_related = ["report"]
    search_fields = ["report__domain__name", "address"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(TlsReport)
class TlsReportAdmin(_ReportAdmin):
    list_display = ["organization", "domain", "policy_type", "successes", "failures", "begins_at", "received_at"]
