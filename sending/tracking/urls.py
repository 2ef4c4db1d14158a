"""The addresses in a mail that its recipient follows; `sending.protocol.recipient_links` makes their tokens."""

from django.urls import path

from sending.tracking import views

app_name = "recipients"

urlpatterns = [
    path("t/o/<str:recipient_token>", views.pixel, name="pixel"),
    path("t/c/<str:recipient_token>", views.click, name="click"),
    path("t/unsubscribe/<str:recipient_token>", views.unsubscribe, name="unsubscribe"),
    path("t/tracking/<str:recipient_token>", views.tracking, name="tracking"),
    path("t/accent/<str:colour>.css", views.accent, name="accent"),
]
