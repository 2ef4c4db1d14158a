"""The pages of plans, usage and payment."""

from django.urls import path

from billing.views.requests import plan_request, size_request

app_name = "billing"
ACCOUNT = "a/<int:account_id>/"

urlpatterns = [
    path(f"{ACCOUNT}usage/size/", size_request, name="size_request"),
    path(f"{ACCOUNT}plan/request/", plan_request, name="plan_request"),
]
