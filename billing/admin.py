"""The support desk's view of plans, meters, invoices and Stripe's news; the acts on them have pages of their own."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from billing.models import Invoice, QuotaOverride, StripeEvent, Subscription, SupportRequest, UsagePeriod
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


@admin.register(Subscription)
class SubscriptionAdmin(LookOnly, ModelAdmin):
    list_display = (
        "account",
        "plan_code",
        "plan_generation",
        "next_plan_code",
        "changes_at",
        "grace_until",
        "stripe_subscription_id",
    )
    list_filter = ("plan_code",)
    list_select_related = ("account",)
    search_fields = ("account__name", "=account__id", "=stripe_customer_id", "=stripe_subscription_id")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(QuotaOverride)
class QuotaOverrideAdmin(LookOnly, ModelAdmin):
    list_display = ("account", "term", "value", "reason", "author", "starts_at", "ends_at")
    list_filter = ("term",)
    list_select_related = ("account", "author")
    search_fields = ("account__name", "=account__id", "reason")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(SupportRequest)
class SupportRequestAdmin(LookOnly, ModelAdmin):
    list_display = ("account", "kind", "state", "asked_by", "asked_at", "answered_by", "answered_at")
    list_filter = ("state", "kind")
    list_select_related = ("account", "asked_by", "answered_by")
    search_fields = ("account__name", "=account__id")
    ordering = ("-id",)
    show_full_result_count = False
