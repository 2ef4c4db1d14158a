"""The pages of single sign-on; allauth's own lead to an OpenID Connect provider and back."""

from django.urls import path

from mailtrap_site.single_sign_on.saml_views import saml_answer, saml_finish, saml_login, saml_metadata
from mailtrap_site.single_sign_on.views import settings_end, settings_page, start

app_name = "single_sign_on"

urlpatterns = [
    path("a/<int:account_id>/security/single-sign-on/", settings_page, name="settings"),
    path("a/<int:account_id>/security/single-sign-on/end/", settings_end, name="end"),
    path("sso/", start, name="start"),
    path("sso/<slug:provider>/saml/", saml_login, name="saml_login"),
    path("sso/<slug:provider>/saml/answer/", saml_answer, name="saml_answer"),
    path("sso/<slug:provider>/saml/finish/", saml_finish, name="saml_finish"),
    path("sso/<slug:provider>/saml/metadata/", saml_metadata, name="saml_metadata"),
]
