"""The support desk's view of sending domains: to look at, not to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from domains.models import DnsRecord, SendingDomain


class _LookOnly:
    """Staff read; customers and DNS write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DnsRecordInline(_LookOnly, TabularInline):
    model = DnsRecord
    extra = 0
    fields = ["key", "type", "name", "value", "status", "observed", "advice", "checked_at"]


@admin.register(SendingDomain)
class SendingDomainAdmin(_LookOnly, ModelAdmin):
    """Keys stay out: nobody needs to see a private key."""

    list_display = ["name", "account", "compliance_status", "dns_verified_at", "checked_at", "created_at", "deleted_at"]
    list_filter = ["compliance_status"]
    list_select_related = ["account"]
    search_fields = ["name", "account__name"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [DnsRecordInline]
