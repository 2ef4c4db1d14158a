"""The pages of plans, usage and payment."""

from django.urls import path

from billing.views.usage import usage

app_name = "billing"
ACCOUNT = "a/<int:account_id>/"

urlpatterns = [
    path(f"{ACCOUNT}usage/", usage, name="usage"),
]
