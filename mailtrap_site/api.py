"""The general API: the routers of all apps, each in both dialects of paths; at /api/docs, the sending API beside it."""

from accounts.api import accounts_router
from accounts.api import routers as of_people_and_tokens
from accounts.api_auth import TokenAuth
from billing.api import router as billing
from billing.sub_accounts_api import router as sub_accounts
from domains.api import company_router as company
from domains.api import router as domains
from mailtrap_site.web.json_api import GeneralApi, both_dialects
from sending.api.log.email_logs import router as email_logs
from sending.api.log.exports import router as log_exports
from sending.api.openapi.document import send_document
from sending.api.scheduled_messages import router as scheduled_messages
from sending.api.stats import router as stats
from sending.api.suppressions import router as suppressions
from sending.api.tracking_opt_outs import router as tracking_opt_outs
from sending.api.webhooks import router as webhooks

api = GeneralApi(title="Email API", version="2", urls_namespace="api", auth=TokenAuth(), beside=send_document())
api.add_router("", accounts_router)
api.add_router("", sub_accounts)
for router in (
    *of_people_and_tokens,
    billing,
    domains,
    company,
    email_logs,
    log_exports,
    scheduled_messages,
    stats,
    suppressions,
    tracking_opt_outs,
    webhooks,
):
    both_dialects(api, router)
