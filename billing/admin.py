"""The support desk's view of the meters."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from billing.models import UsagePeriod


@admin.register(UsagePeriod)
class UsagePeriodAdmin(ModelAdmin):
    list_display = ("account", "starts_at", "ends_at", "used", "message_limit")
    list_select_related = ("account",)
    search_fields = ("account__name", "=account__id")
    ordering = ("-starts_at", "-id")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
