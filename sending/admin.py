"""The support desk's view of mail: rows and evidence, never bodies."""

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from mailtrap_site.web.look_only import LookOnly
from sending.models import Message, QueueEntry


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
