"""Addresses of the dashboard's mail pages, of the captured mailbox, and of the signed link to one message's source."""

from django.urls import path

from sending.api import raw_messages
from sending.pages import (
    captured,
    decisions,
    email_log,
    integration,
    message,
    overview,
    refusals,
    scheduled,
    streams,
    trial_email,
)

app_name = "sending"

ACCOUNT = "a/<int:account_id>/"

urlpatterns = [
    path(ACCOUNT, overview.overview, name="overview"),
    path(f"{ACCOUNT}log/", email_log.email_log, name="email_log"),
    path(f"{ACCOUNT}log/news/", email_log.email_log_news, name="email_log_news"),
    path(f"{ACCOUNT}log/<uuid:message_id>/", message.message, name="message"),
    path(f"{ACCOUNT}log/<uuid:message_id>/preview/", message.message_preview, name="message_preview"),
    path(f"{ACCOUNT}log/<uuid:message_id>/source/", message.message_source, name="message_source"),
    path(f"{ACCOUNT}log/<uuid:message_id>/decision/", decisions.message_decision, name="message_decision"),
    path(f"{ACCOUNT}log/<uuid:message_id>/schedule/", scheduled.message_schedule, name="message_schedule"),
    path(f"{ACCOUNT}log/<uuid:message_id>/departure/", scheduled.message_departure, name="message_departure"),
    path(f"{ACCOUNT}log/<uuid:message_id>/cancellation/", scheduled.message_cancellation, name="message_cancellation"),
    path(f"{ACCOUNT}streams/", streams.streams, name="streams"),
    path(f"{ACCOUNT}integration/", integration.integration, name="integration"),
    path(f"{ACCOUNT}test-email/", trial_email.trial_email, name="test_email"),
    path("captured/", captured.captured_list, name="captured_list"),
    path("captured/<uuid:captured_id>/", captured.captured_mail, name="captured_mail"),
    path("captured/<uuid:captured_id>/preview/", captured.captured_preview, name="captured_preview"),
    path("captured/<uuid:captured_id>/source/", captured.captured_source, name="captured_source"),
    path("refusals/", refusals.refusals, name="refusals"),
    path("raw_messages/<str:ticket>.eml", raw_messages.raw_message, name="raw_message"),
]
