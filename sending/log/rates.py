"""What happened in the last minute, of all accounts."""

from datetime import datetime, timedelta

from django.db.models import Count

from sending.models import Event
from sending.models.identifiers import id_floor

MINUTE = timedelta(minutes=1)


def events_of_last_minute(now: datetime) -> dict[Event.Type, int]:
    """Events by type, of those written in the minute before `now`: a range of the primary key."""
    recent = Event.objects.filter(pk__gte=id_floor(now - MINUTE), pk__lt=id_floor(now))
    counts = dict(recent.order_by().values_list("type").annotate(Count("pk")))
    return {kind: counts.get(kind.value, 0) for kind in Event.Type}
