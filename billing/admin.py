"""The support desk's view of the meters."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from billing.models import UsagePeriod
from mailtrap_site.web.look_only import LookOnly


@admin.register(UsagePeriod)
class UsagePeriodAdmin(LookOnly, ModelAdmin):
    list_display = ("account", "starts_at", "ends_at", "used", "message_limit")
    list_select_related = ("account",)
    search_fields = ("account__name", "=account__id")
    ordering = ("-starts_at", "-id")
    show_full_result_count = False
