"""What an account has chosen for its streams. The only writer of StreamSetting."""

from collections.abc import Mapping

from django.db import transaction
from django.http import HttpRequest

from accounts import audit
from accounts.models import Account, User
from sending.models import OnUncertain, Stream, StreamSetting


def choices_of(account: Account) -> dict[Stream, OnUncertain]:
    """What becomes of uncertain mail, for each stream; the default where nothing was chosen."""
    chosen = StreamSetting.objects.filter(account=account).values_list("stream", "on_uncertain")
    default = dict.fromkeys(Stream, OnUncertain.SEND_AGAIN)
    return default | {Stream(stream): OnUncertain(choice) for stream, choice in chosen}


def choose(
    account: Account, wanted: Mapping[Stream, OnUncertain], *, user: User, request: HttpRequest | None = None
) -> list[Stream]:
    """Keeps the choices and writes those that change into the audit log; returns the streams that changed."""
    with transaction.atomic():
        # Two people who save at once follow one another, so that the log tells what each of them changed.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        before = choices_of(account)
        changed = [stream for stream, choice in wanted.items() if choice is not before[stream]]
        for stream in changed:
            setting, _ = StreamSetting.objects.update_or_create(
                account=account, stream=stream, defaults={"on_uncertain": wanted[stream]}
            )
            audit.record(
                "stream.changed",
                account=account,
                actor=user,
                target=setting,
                changes={"on_uncertain": {"from": before[stream].value, "to": wanted[stream].value}},
                request=request,
            )
    return changed
