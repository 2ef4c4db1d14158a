"""The support desk's view of mail: rows and evidence, never bodies."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.models import Account
from mailtrap_site.web.look_only import LookOnly
from mailtrap_site.web.statuses import MESSAGES, look
from sending.log.balance import Kind
from sending.log.balance_facts import MOST_LISTED, read_suspects
from sending.log.balance_words import MEANINGS, METER
from sending.models import (
    HourBalance,
    HourCheck,
    Message,
    MeterDifference,
    QueueEntry,
    Suppression,
    SuppressionImport,
)
from sending.models.statements import raw_cursor


class UncountedPaginator(Paginator):
    """Pages without counting: a growing table is never counted whole for a list."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Model] = self.object_list[: self.MOST]  # type: ignore[assignment]
        return len(rows.values_list("pk", flat=True))


class GrowingTableAdmin(LookOnly, ModelAdmin):
    """A table that the service alone writes, and that nobody counts."""

    paginator = UncountedPaginator
    show_full_result_count = False


@admin.register(Message)
class MessageAdmin(GrowingTableAdmin):
    """One row a recipient. Searched by exact recipient or id, which the indexes answer."""

    list_display = ("recipient", "status", "account_id", "from_address", "stream", "attempts", "id")
    list_filter = ("status", "stream")
    search_fields = ("=recipient", "=id")
    ordering = ("-id",)
    exclude = ("subject",)


@admin.register(QueueEntry)
class QueueEntryAdmin(GrowingTableAdmin):
    """What is not finished, most urgent first."""

    list_display = ("message_id", "account_id", "stream", "destination", "due_at", "attempts", "lease_until")
    list_filter = ("stream",)
    search_fields = ("=destination",)
    ordering = ("due_at",)


@admin.register(Suppression)
class SuppressionAdmin(GrowingTableAdmin):
    """Who gets no mail. Searched by exact address or id."""

    list_display = ("email", "type", "account_id", "domain_id", "stream", "created_at", "rule", "id")
    list_filter = ("type", "stream")
    search_fields = ("=email", "=id")
    ordering = ("-id",)


@admin.register(SuppressionImport)
class SuppressionImportAdmin(GrowingTableAdmin):
    """Files of addresses, newest first."""

    list_display = ("file_name", "account_id", "entries", "position", "added", "bad", "created_at", "finished_at")
    ordering = ("-id",)
    exclude = ("content", "bad_lines")


class WithDifference(admin.SimpleListFilter):
    """The hours in which something differs."""

    title = gettext_lazy("difference")
    parameter_name = "differs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("With differences"))]

    def queryset(self, request: HttpRequest, rows: QuerySet[HourBalance]) -> QuerySet[HourBalance]:
        return rows.filter(difference__gt=0) if self.value() == "yes" else rows


@admin.register(HourBalance)
class HourBalanceAdmin(GrowingTableAdmin):
    """Accepted = sum of states, by account and hour; differences first, then the newest."""

    list_display = ("hour", "shown_account", "accepted", "shown_states", "shown_differences")
    list_before_template = "admin/sending/hourbalance/summary.html"
    list_filter = (WithDifference,)
    search_fields = ("=account__id",)
    search_help_text = gettext_lazy("The number of an account")
    ordering = ("-difference", "-hour")
    fields = ("hour", "shown_account", "accepted", "returned", "shown_states", "difference", "advice", "suspects")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[HourBalance]:
        # Not by a join: the balance of an account outlives it.
        name = Account.objects.filter(pk=OuterRef("account_id")).values("name")
        return super().get_queryset(request).annotate(account_name=Subquery(name))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), **_standing()})

    @display(description=gettext_lazy("account"))
    def shown_account(self, row: Any) -> str:
        return f"{row.account_name or _('deleted')} ({row.account_id})"

    @display(description=gettext_lazy("states"))
    def shown_states(self, row: HourBalance) -> str:
        return ", ".join(f"{look(MESSAGES, state).word} {number:,}" for state, number in sorted(row.states.items()))

    @display(description=gettext_lazy("differences"), label={"": "danger"})
    def shown_differences(self, row: HourBalance) -> Any:
        if not row.differences:
            return None
        return "", ", ".join(f"{MEANINGS[Kind(kind)].name} {number:,}" for kind, number in row.differences.items())

    @display(description=gettext_lazy("what it means, what to do"))
    def advice(self, row: HourBalance) -> str:
        meanings = ((MEANINGS[Kind(kind)], number) for kind, number in row.differences.items())
        found = [(f"{one.name} {number:,}", one.means, one.do) for one, number in meanings]
        if not found:
            return _("Every accepted recipient of this hour is in exactly one state.")
        return format_html_join("", "<p><strong>{}</strong>: {} {}</p>", found)

    @display(description=gettext_lazy("messages, as they stand now"))
    def suspects(self, row: HourBalance) -> str:
        found = read_suspects(raw_cursor(), row.hour, row.account_id)
        if not found:
            return _("None differs now.")
        rows = format_html_join("", "<li>{}: {}</li>", ((_link(one.message_id), _names(one.kinds)) for one in found))
        more = _("There may be more; these are the first.") if len(found) == MOST_LISTED else ""
        return format_html("<ul>{}</ul>{}", rows, more)


def _standing() -> dict[str, Any]:
    """What the head of the balance says: how far it was counted, how much differs, and which meters."""
    newest = HourCheck.objects.order_by("-hour").first()
    meters = [
        {"account": one.period.account, "period": one.period, "meter": one, "by": one.used - one.accepted}
        for one in MeterDifference.objects.select_related("period__account").order_by("found_at")[:100]
    ]
    return {
        "title": _("Balance"),
        "counted_at": newest.checked_at if newest else None,
        "differences": HourCheck.objects.aggregate(all=Sum("differences"))["all"] or 0,
        "meters": meters,
        "meter_advice": METER,
    }


def _link(message_id: object) -> SafeString:
    """Where staff find a message; it may be gone, which is then the difference."""
    url = reverse("admin:sending_message_change", args=[message_id])
    link = '<a class="text-primary-600 dark:text-primary-500" href="{}"><code>{}</code></a>'
    return format_html(link, url, message_id)


def _names(kinds: Iterable[Kind]) -> str:
    return ", ".join(str(MEANINGS[kind].name) for kind in kinds)
