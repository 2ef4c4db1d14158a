"""Addresses of plans and payments."""

from django.urls import path

from billing.views import payments, stripe_webhook

app_name = "billing"
ACCOUNT = "a/<int:account_id>/"

urlpatterns = [
    path("stripe/events/", stripe_webhook.events, name="stripe_events"),
    path(ACCOUNT + "plan/checkout/", payments.checkout, name="checkout"),
    path(ACCOUNT + "plan/checkout/return/", payments.checkout_return, name="checkout_return"),
    path(ACCOUNT + "plan/change/", payments.change, name="change"),
    path(ACCOUNT + "plan/keep/", payments.keep, name="keep"),
    path(ACCOUNT + "plan/portal/", payments.portal, name="portal"),
    path(ACCOUNT + "invoices/", payments.invoice_list, name="invoices"),
    path(ACCOUNT + "invoices/<int:invoice_id>/pdf/", payments.invoice_pdf, name="invoice_pdf"),
]
