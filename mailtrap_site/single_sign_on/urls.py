"""The pages of single sign-on; allauth's own lead to the provider and back."""

from django.urls import path

from mailtrap_site.single_sign_on.views import settings_end, settings_page, start

app_name = "single_sign_on"

urlpatterns = [
    path("a/<int:account_id>/security/single-sign-on/", settings_page, name="settings"),
    path("a/<int:account_id>/security/single-sign-on/end/", settings_end, name="end"),
    path("sso/", start, name="start"),
]
