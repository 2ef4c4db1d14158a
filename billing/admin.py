"""The support desk's view of the meters, invoices and what Stripe told us."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from billing.models import Invoice, StripeEvent, UsagePeriod
from mailtrap_site.web.look_only import LookOnly


@admin.register(UsagePeriod)
class UsagePeriodAdmin(LookOnly, ModelAdmin):
    list_display = ("account", "starts_at", "ends_at", "used", "message_limit")
    list_select_related = ("account",)
    search_fields = ("account__name", "=account__id")
    ordering = ("-starts_at", "-id")
    show_full_result_count = False


@admin.register(Invoice)
class InvoiceAdmin(LookOnly, ModelAdmin):
    list_display = ("number", "account", "issued_at", "status", "total_money", "refunded_cents", "disputed_cents")
    list_select_related = ("account",)
    list_filter = ("status",)
    search_fields = ("account__name", "=account__id", "=number", "=stripe_id")
    ordering = ("-issued_at", "-id")
    show_full_result_count = False


@admin.register(StripeEvent)
class StripeEventAdmin(LookOnly, ModelAdmin):
    list_display = ("type", "customer_id", "created_at", "received_at", "applied_at", "attempts", "problem")
    list_filter = ("type",)
    search_fields = ("=stripe_id", "=customer_id")
    ordering = ("-received_at", "-id")
    show_full_result_count = False
