"""The support desk: Django's admin in unfold's look, with this project's tables and nobody else's."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.apps import SimpleAdminConfig
from django.db.models import Model
from django.db.models.base import ModelBase
from django.urls import path
from unfold.sites import UnfoldAdminSite

OUR_APPS = frozenset({"accounts", "billing", "domains", "sending"})


class SupportDesk(UnfoldAdminSite):
    """Registers our own models only: the tables of libraries hold secrets, or are reached through ours."""

    def register(
        self, model_or_iterable: type[Model] | Iterable[type[Model]], admin_class: Any = None, **options: Any
    ) -> None:
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else list(model_or_iterable)
        ours = [model for model in models if model._meta.app_label in OUR_APPS]
        super().register(ours, admin_class, **options)

    def get_urls(self) -> list[Any]:
        # Late, since this module is read before the apps are ready.
        from mailtrap_site.support import (
            compliance,
            compliance_acts,
            find,
            links,
            links_acts,
            operator,
            plan_acts,
            plan_page,
            queue,
            reports,
            requests,
            start,
            tenant,
            visits,
        )
        from mailtrap_site.support.unknown_replies import unknown_replies

        own = [
            path("", self.admin_view(start.start), name="index"),
            path("visits/end/", self.admin_view(visits.end), name="visit_end"),
            path("visits/<int:account_id>/", self.admin_view(visits.begin), name="visit"),
            path("reports/", self.admin_view(reports.report_list), name="reports"),
            path("reports/<int:report_id>/done/", self.admin_view(reports.report_done), name="report_done"),
            path("links/", self.admin_view(links.link_queue), name="links"),
            path("links/<int:finding_id>/", self.admin_view(links.link_finding), name="link_finding"),
            path("links/<int:finding_id>/<slug:act>/", self.admin_view(links_acts.link_act), name="link_act"),
            path("find/", self.admin_view(find.find), name="find"),
            path("tenants/<int:account_id>/", self.admin_view(tenant.tenant), name="tenant"),
            path(
                "tenants/<int:account_id>/domains/<int:domain_id>/check/",
                self.admin_view(tenant.check_domain),
                name="tenant_domain_check",
            ),
            path("plans/<int:account_id>/", self.admin_view(plan_page.plan_page), name="plan"),
            path("plans/<int:account_id>/grant/", self.admin_view(plan_acts.grant), name="plan_grant"),
            path("plans/<int:account_id>/assign/", self.admin_view(plan_acts.assign), name="plan_assign"),
            path("plans/<int:account_id>/overage/", self.admin_view(plan_acts.overage), name="plan_overage"),
            path("plans/<int:account_id>/grace/", self.admin_view(plan_acts.grace), name="plan_grace"),
            path("overrides/<int:override_id>/end/", self.admin_view(plan_acts.end_override), name="override_end"),
            path("requests/", self.admin_view(requests.request_queue), name="requests"),
            path("requests/<int:request_id>/", self.admin_view(requests.answer), name="request_answer"),
            path("compliance/", self.admin_view(compliance.compliance_queue), name="compliance"),
            path(
                "compliance/<int:domain_id>/", self.admin_view(compliance.compliance_review), name="compliance_review"
            ),
            path(
                "compliance/<int:domain_id>/<slug:act>/",
                self.admin_view(compliance_acts.compliance_act),
                name="compliance_act",
            ),
            path("replies/", self.admin_view(unknown_replies), name="unknown_replies"),
            path("health/", self.admin_view(operator.operator), name="operator"),
            path("queue/", self.admin_view(queue.queue), name="queue"),
            path("queue/pauses/<int:pause_id>/resume/", self.admin_view(queue.resume), name="queue_resume"),
        ]
        return own + list(super().get_urls())


class SupportDeskConfig(SimpleAdminConfig):
    """Puts the support desk in the place of Django's site; `urls` finds its tables, which only the web needs."""

    default_site = "mailtrap_site.support.site.SupportDesk"
