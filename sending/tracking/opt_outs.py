"""Who does not want to be tracked: the only writer of the list, and the look-up for whoever is about to track."""

import uuid
from collections.abc import Collection, Sequence

from django.db import transaction

from accounts import audit
from accounts.models import Account
from sending.models import TrackingOptOut
from sending.suppressions.marks import ERASED, written
from sending.suppressions.opting_out import BY_READER
from sending.suppressions.store import NAMED, By
from sending.tracking.places import Place

__all__ = ["By", "Place", "add", "add_reader", "opted_out", "remove", "remove_reader"]


def opted_out(places: Collection[Place]) -> set[Place]:
    """Those of `places` that are on the list: one look-up, whatever their number."""
    if not places:
        return set()
    asked = {one._replace(email=way): one for one in places for way in written(one.account_id, one.email)}
    found = TrackingOptOut.objects.filter(
        account_id__in={one.account_id for one in places},
        email__in={one.email for one in asked},
        domain_id__in={one.domain_id for one in places},
    )
    rows = {Place(*row) for row in found.values_list("account_id", "domain_id", "email")}
    return {place for way, place in asked.items() if way in rows or place.email == ERASED}


@transaction.atomic
def add(account: Account, domain_id: int, emails: Sequence[str], by: By) -> int:
    """Adds what a person or a program names, each as `same_address` writes it; returns how many were not there yet."""
    known = TrackingOptOut.objects.filter(account=account, domain=domain_id, email__in=emails)
    new = sorted(set(emails) - set(known.values_list("email", flat=True)))
    rows = [TrackingOptOut(account=account, domain_id=domain_id, email=email) for email in new]
    TrackingOptOut.objects.bulk_create(rows, ignore_conflicts=True)
    if new:
        changes = {
            "addresses": {"from": None, "to": new[:NAMED]},
            "added": {"from": 0, "to": len(new)},
            "domain": {"from": None, "to": domain_id},
        }
        audit.record("tracking_opt_out.added", account=account, changes=changes, request=by.request, actor_name=by.name)
    return len(new)


def add_reader(place: Place, message_id: uuid.UUID) -> bool:
    """Adds who followed the link in a mail; whether he was not there yet. The entry itself is the evidence."""
    _entry, is_new = TrackingOptOut.objects.get_or_create(
        account_id=place.account_id,
        domain_id=place.domain_id,
        email=place.email,
        defaults={"message_id": message_id},
    )
    return is_new


def remove_reader(account: Account, place: Place) -> bool:
    """Undoes that, at the reader's wish; whether an entry stood."""
    own = TrackingOptOut.objects.filter(account=account, domain=place.domain_id)
    own = own.filter(email__in=written(account.pk, place.email))
    return bool(remove(account, list(own.values_list("pk", flat=True)), BY_READER))


@transaction.atomic
def remove(account: Account, ids: Collection[uuid.UUID], by: By) -> list[TrackingOptOut]:
    """Takes these entries off the list; returns those that still stood."""
    rows = TrackingOptOut.objects.select_for_update(skip_locked=True, of=("self",)).select_related("domain")
    found = list(rows.filter(account=account, pk__in=ids).order_by("pk"))
    if found:
        TrackingOptOut.objects.filter(pk__in=[one.pk for one in found]).delete()
        changes = {
            "addresses": {"from": [one.email for one in found[:NAMED]], "to": None},
            "entries": {"from": len(found), "to": 0},
        }
        target = found[0] if len(found) == 1 else None
        audit.record(
            "tracking_opt_out.removed",
            account=account,
            target=target,
            changes=changes,
            request=by.request,
            actor_name=by.name,
        )
    return found
