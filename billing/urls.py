"""The pages of plans, usage and payment."""

from django.urls import path

from billing.views import organization, payments, plan, pricing, requests, stripe_webhook, usage

app_name = "billing"
ACCOUNT = "a/<int:account_id>/"

urlpatterns = [
    path("stripe/events/", stripe_webhook.events, name="stripe_events"),
    path("pricing/", pricing.pricing, name="pricing"),
    path(f"{ACCOUNT}plan/", plan.plan, name="plan"),
    path(f"{ACCOUNT}plan/overage/", plan.overage, name="overage"),
    path(f"{ACCOUNT}plan/checkout/", payments.checkout, name="checkout"),
    path(f"{ACCOUNT}plan/checkout/return/", payments.checkout_return, name="checkout_return"),
    path(f"{ACCOUNT}plan/change/", payments.change, name="change"),
    path(f"{ACCOUNT}plan/keep/", payments.keep, name="keep"),
    path(f"{ACCOUNT}plan/portal/", payments.portal, name="portal"),
    path(f"{ACCOUNT}invoices/", payments.invoice_list, name="invoices"),
    path(f"{ACCOUNT}invoices/<int:invoice_id>/pdf/", payments.invoice_pdf, name="invoice_pdf"),
    path(f"{ACCOUNT}usage/", usage.usage, name="usage"),
    path(f"{ACCOUNT}usage.csv", usage.usage_csv, name="usage_csv"),
    path(f"{ACCOUNT}usage/periods.csv", usage.periods_csv, name="usage_periods_csv"),
    path(f"{ACCOUNT}usage/size/", requests.size_request, name="size_request"),
    path(f"{ACCOUNT}plan/request/", requests.plan_request, name="plan_request"),
    path(f"{ACCOUNT}organization/", organization.organization, name="organization"),
    path(f"{ACCOUNT}organization/<int:sub_account_id>/cap/", organization.sub_account_cap, name="sub_account_cap"),
    path(
        f"{ACCOUNT}organization/<int:sub_account_id>/independence/",
        organization.sub_account_independence,
        name="sub_account_independence",
    ),
]
