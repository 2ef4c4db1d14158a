"""The pages of this app, to be included at the root as `accounts`."""

from django.urls import include, path

from accounts.views.letters import letters
from accounts.views.links import link
from accounts.views.profile import profile
from accounts.views.tokens import token_add, token_delete, token_list, token_reset

app_name = "accounts"

account_urls = [
    path("letters/", letters, name="letters"),
    path("tokens/", token_list, name="tokens"),
    path("tokens/add/", token_add, name="token_add"),
    path("tokens/<int:token_id>/reset/", token_reset, name="token_reset"),
    path("tokens/<int:token_id>/delete/", token_delete, name="token_delete"),
]
urlpatterns = [
    path("a/<int:account_id>/", include(account_urls)),
    path("l/<str:token>/", link, name="link"),
    path("profile/", profile, name="profile"),
]
