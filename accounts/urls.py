"""The pages of this app, to be included at the root as `accounts`."""

from django.urls import include, path

from accounts.views.audit import audit_export, audit_page
from accounts.views.letters import letters, letters_stop
from accounts.views.links import link
from accounts.views.notifications import notification_open, notifications, notifications_act
from accounts.views.profile import profile
from accounts.views.security import security, two_factor_needed
from accounts.views.sessions import session_end
from accounts.views.tokens import token_add, token_delete, token_list, token_reset

app_name = "accounts"

account_urls = [
    path("audit/", audit_page, name="audit"),
    path("audit/export/", audit_export, name="audit_export"),
    path("letters/", letters, name="letters"),
    path("security/", security, name="security"),
    path("security/needed/", two_factor_needed, name="two_factor_needed"),
    path("tokens/", token_list, name="tokens"),
    path("tokens/add/", token_add, name="token_add"),
    path("tokens/<int:token_id>/reset/", token_reset, name="token_reset"),
    path("tokens/<int:token_id>/delete/", token_delete, name="token_delete"),
]
urlpatterns = [
    path("a/<int:account_id>/", include(account_urls)),
    path("l/<str:token>/", link, name="link"),
    path("letters/stop/<str:token>/", letters_stop, name="letters_stop"),
    path("notifications/", notifications, name="notifications"),
    path("notifications/act/", notifications_act, name="notifications_act"),
    path("notifications/<int:notification_id>/open/", notification_open, name="notification_open"),
    path("profile/", profile, name="profile"),
    path("profile/sessions/<int:session_id>/end/", session_end, name="session_end"),
]
