"""Addresses of the dashboard's mail pages, of captured mailboxes, and of the signed link to one message's source."""

from django.urls import path

from sending.api.log import raw_messages
from sending.pages import (
    auto_bcc,
    captured,
    decisions,
    email_log,
    integration,
    log_exports,
    message,
    overview,
    privacy,
    questions,
    refusals,
    sandboxes,
    saved_views,
    scheduled,
    sent_again,
    statistics,
    statistics_by_variable,
    streams,
    suppression_additions,
    suppressions,
    tracking_opt_outs,
    trial_email,
    webhook_log,
    webhooks,
)

app_name = "sending"

ACCOUNT = "a/<int:account_id>/"
WEBHOOK = f"{ACCOUNT}webhooks/<int:webhook_id>/"
SANDBOX = f"{ACCOUNT}sandboxes/<int:sandbox_id>/"
SANDBOX_MAIL = f"{SANDBOX}<uuid:captured_id>/"
SUPPRESSIONS = f"{ACCOUNT}suppressions/"
SUPPRESSION_IMPORT = f"{SUPPRESSIONS}imports/<int:import_id>/"
OPT_OUTS = f"{SUPPRESSIONS}tracking/"
SUPPRESSION = f"{SUPPRESSIONS}<uuid:suppression_id>/"
CAPTURED_MAIL = "captured/<uuid:captured_id>/"

urlpatterns = [
    path(ACCOUNT, overview.overview, name="overview"),
    path(f"{ACCOUNT}log/", email_log.email_log, name="email_log"),
    path(f"{ACCOUNT}log/news/", email_log.email_log_news, name="email_log_news"),
    path(f"{ACCOUNT}log/views/", saved_views.saved_view_list, name="saved_views"),
    path(f"{ACCOUNT}log/views/new/", saved_views.saved_view_add, name="saved_view_add"),
    path(f"{ACCOUNT}log/views/<int:view_id>/removal/", saved_views.saved_view_removal, name="saved_view_removal"),
    path(f"{ACCOUNT}log/exports/", log_exports.log_exports, name="log_exports"),
    path(f"{ACCOUNT}privacy/", privacy.privacy, name="privacy"),
    path(f"{ACCOUNT}privacy/recipient/file/", privacy.privacy_recipient_file, name="privacy_recipient_file"),
    path(f"{ACCOUNT}privacy/erasures/", privacy.privacy_erasures, name="privacy_erasures"),
    path(f"{ACCOUNT}privacy/erasures/<int:erasure_id>/", privacy.privacy_erasure, name="privacy_erasure"),
    path(f"{ACCOUNT}privacy/archives/", privacy.privacy_archives, name="privacy_archives"),
    path(
        f"{ACCOUNT}privacy/archives/<int:archive_id>/file/", privacy.privacy_archive_file, name="privacy_archive_file"
    ),
    path(f"{ACCOUNT}log/exports/<int:export_id>/file/", log_exports.log_export_file, name="log_export_file"),
    path(f"{ACCOUNT}log/<uuid:message_id>/", message.message, name="message"),
    path(f"{ACCOUNT}log/<uuid:message_id>/preview/", message.message_preview, name="message_preview"),
    path(f"{ACCOUNT}log/<uuid:message_id>/source/", message.message_source, name="message_source"),
    path(f"{ACCOUNT}log/<uuid:message_id>/again/", sent_again.message_again, name="message_again"),
    path(f"{ACCOUNT}log/<uuid:message_id>/decision/", decisions.message_decision, name="message_decision"),
    path(f"{ACCOUNT}log/<uuid:message_id>/question/", questions.message_question, name="message_question"),
    path(f"{ACCOUNT}log/<uuid:message_id>/schedule/", scheduled.message_schedule, name="message_schedule"),
    path(f"{ACCOUNT}log/<uuid:message_id>/departure/", scheduled.message_departure, name="message_departure"),
    path(f"{ACCOUNT}log/<uuid:message_id>/cancellation/", scheduled.message_cancellation, name="message_cancellation"),
    path(f"{ACCOUNT}domains/<int:domain_id>/copies/", auto_bcc.domain_copies, name="auto_bcc"),
    path(SUPPRESSIONS, suppressions.suppressions, name="suppressions"),
    path(f"{SUPPRESSIONS}new/", suppression_additions.suppressions_add, name="suppressions_add"),
    path(f"{SUPPRESSIONS}export/", suppressions.suppressions_export, name="suppressions_export"),
    path(f"{SUPPRESSIONS}reactivation/", suppressions.suppressions_reactivate, name="suppressions_reactivate"),
    path(f"{SUPPRESSIONS}imports/", suppression_additions.suppressions_import, name="suppressions_import"),
    path(SUPPRESSION_IMPORT, suppression_additions.suppression_import, name="suppression_import"),
    path(
        f"{SUPPRESSION_IMPORT}lines/", suppression_additions.suppression_import_lines, name="suppression_import_lines"
    ),
    path(OPT_OUTS, tracking_opt_outs.tracking_opt_outs, name="tracking_opt_outs"),
    path(f"{OPT_OUTS}new/", tracking_opt_outs.tracking_opt_outs_add, name="tracking_opt_outs_add"),
    path(
        f"{OPT_OUTS}<uuid:opt_out_id>/removal/",
        tracking_opt_outs.tracking_opt_out_removal,
        name="tracking_opt_out_removal",
    ),
    path(SUPPRESSION, suppressions.suppression, name="suppression"),
    path(f"{SUPPRESSION}reactivation/", suppressions.suppression_reactivate, name="suppression_reactivate"),
    path(f"{SUPPRESSION}incident/", suppressions.suppression_incident, name="suppression_incident"),
    path(f"{ACCOUNT}statistics/", statistics.statistics, name="statistics"),
    path(
        f"{ACCOUNT}statistics/variables/",
        statistics_by_variable.statistics_by_variable,
        name="statistics_by_variable",
    ),
    path(f"{ACCOUNT}statistics/table/", statistics.statistics_csv, name="statistics_csv"),
    path(f"{ACCOUNT}streams/", streams.streams, name="streams"),
    path(f"{ACCOUNT}webhooks/", webhooks.webhooks, name="webhooks"),
    path(f"{ACCOUNT}webhooks/new/", webhooks.webhook_add, name="webhook_add"),
    path(WEBHOOK, webhook_log.webhook, name="webhook"),
    path(f"{WEBHOOK}edit/", webhooks.webhook_edit, name="webhook_edit"),
    path(f"{WEBHOOK}secret/", webhooks.webhook_secret, name="webhook_secret"),
    path(f"{WEBHOOK}secret/switch/", webhooks.webhook_switch, name="webhook_switch"),
    path(f"{WEBHOOK}test/", webhooks.webhook_test, name="webhook_test"),
    path(f"{WEBHOOK}state/", webhooks.webhook_state, name="webhook_state"),
    path(f"{WEBHOOK}replay/", webhooks.webhook_replay, name="webhook_replay"),
    path(f"{WEBHOOK}deliveries/<int:delivery_id>/again/", webhooks.webhook_delivery_again, name="webhook_again"),
    path(f"{WEBHOOK}deliveries/<int:delivery_id>/skip/", webhooks.webhook_delivery_skip, name="webhook_skip"),
    path(f"{WEBHOOK}delete/", webhooks.webhook_delete, name="webhook_delete"),
    path(f"{ACCOUNT}integration/", integration.integration, name="integration"),
    path(f"{ACCOUNT}test-email/", trial_email.trial_email, name="test_email"),
    path(f"{ACCOUNT}sandboxes/", sandboxes.sandboxes, name="sandboxes"),
    path(f"{ACCOUNT}sandboxes/new/", sandboxes.sandbox_add, name="sandbox_add"),
    path(SANDBOX, sandboxes.sandbox, name="sandbox"),
    path(f"{SANDBOX}setup/", sandboxes.sandbox_setup, name="sandbox_setup"),
    path(f"{SANDBOX}read/", sandboxes.sandbox_read, name="sandbox_read"),
    path(f"{SANDBOX}empty/", sandboxes.sandbox_empty, name="sandbox_empty"),
    path(f"{SANDBOX}delete/", sandboxes.sandbox_delete, name="sandbox_delete"),
    path(SANDBOX_MAIL, sandboxes.sandbox_mail, name="sandbox_mail"),
    path(f"{SANDBOX_MAIL}preview/", sandboxes.sandbox_preview, name="sandbox_preview"),
    path(f"{SANDBOX_MAIL}source/", sandboxes.sandbox_source, name="sandbox_source"),
    path(f"{SANDBOX_MAIL}parts/<int:number>/", sandboxes.sandbox_part, name="sandbox_part"),
    path(f"{SANDBOX_MAIL}delete/", sandboxes.sandbox_mail_delete, name="sandbox_mail_delete"),
    path("captured/", captured.captured_list, name="captured_list"),
    path("captured/read/", captured.captured_read, name="captured_read"),
    path("captured/empty/", captured.captured_empty, name="captured_empty"),
    path(CAPTURED_MAIL, captured.captured_mail, name="captured_mail"),
    path(f"{CAPTURED_MAIL}preview/", captured.captured_preview, name="captured_preview"),
    path(f"{CAPTURED_MAIL}source/", captured.captured_source, name="captured_source"),
    path(f"{CAPTURED_MAIL}parts/<int:number>/", captured.captured_part, name="captured_part"),
    path(f"{CAPTURED_MAIL}delete/", captured.captured_delete, name="captured_delete"),
    path("refusals/", refusals.refusals, name="refusals"),
    path("raw_messages/<str:ticket>.eml", raw_messages.raw_message, name="raw_message"),
]
