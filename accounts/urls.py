"""The pages of this app, to be included at the root as `accounts`."""

from django.urls import include, path

from accounts.views import invitations, people
from accounts.views.audit import audit_export, audit_page
from accounts.views.closing import closing
from accounts.views.leaks import leaked_token
from accounts.views.legal import PAGES, legal
from accounts.views.letters import letters, letters_stop
from accounts.views.links import link
from accounts.views.notifications import notification_open, notifications, notifications_act
from accounts.views.opening import account_add
from accounts.views.profile import profile
from accounts.views.security import security, support_content, two_factor_needed
from accounts.views.sessions import session_end
from accounts.views.tokens import token_add, token_delete, token_list, token_reset

app_name = "accounts"

account_urls = [
    path("audit/", audit_page, name="audit"),
    path("audit/export/", audit_export, name="audit_export"),
    path("closing/", closing, name="closing"),
    path("letters/", letters, name="letters"),
    path("security/", security, name="security"),
    path("security/support/", support_content, name="support_content"),
    path("security/needed/", two_factor_needed, name="two_factor_needed"),
    path("tokens/", token_list, name="tokens"),
    path("tokens/add/", token_add, name="token_add"),
    path("tokens/<int:token_id>/reset/", token_reset, name="token_reset"),
    path("tokens/<int:token_id>/delete/", token_delete, name="token_delete"),
    path("people/", people.people_list, name="people"),
    path("people/departure/", people.people_departure, name="people_departure"),
    path("people/<int:member_id>/", people.member, name="member"),
    path("people/<int:member_id>/removal/", people.member_removal, name="member_removal"),
    path("people/<int:member_id>/ownership/", people.member_ownership, name="member_ownership"),
    path("people/invitations/new/", invitations.invitation_add, name="invitation_add"),
    path("people/invitations/<int:invitation_id>/letter/", invitations.invitation_letter, name="invitation_letter"),
    path(
        "people/invitations/<int:invitation_id>/revocation/",
        invitations.invitation_revocation,
        name="invitation_revocation",
    ),
]
urlpatterns = [
    path("a/<int:account_id>/", include(account_urls)),
    *(path(f"legal/{page}/", legal, {"page": page}, name=f"legal_{page.replace('-', '_')}") for page in PAGES),
    path("account/new/", account_add, name="account_add"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("l/<str:token>/", link, name="link"),
    path("leaked-token/", leaked_token, name="leaked_token"),
    path("letters/stop/<str:token>/", letters_stop, name="letters_stop"),
    path("notifications/", notifications, name="notifications"),
    path("notifications/act/", notifications_act, name="notifications_act"),
    path("notifications/<int:notification_id>/open/", notification_open, name="notification_open"),
    path("profile/", profile, name="profile"),
    path("profile/sessions/<int:session_id>/end/", session_end, name="session_end"),
]
