"""What an account has chosen for its streams. The only writer of StreamSetting."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.db import transaction
from django.http import HttpRequest

from accounts import audit
from accounts.models import Account, User
from sending.models import OnUncertain, Stream, StreamSetting


@dataclass(frozen=True, slots=True)
class Choice:
    """What holds for one stream, by the names of the model's columns; these are what holds where nothing was chosen."""

    on_uncertain: OnUncertain = OnUncertain.SEND_AGAIN
    body_days: int | None = None
    keeps_subject: bool = True
    hides_links: bool = False


def choices_of(account: Account) -> dict[Stream, Choice]:
    """The choice for each stream."""
    chosen = {
        Stream(one.stream): Choice(OnUncertain(one.on_uncertain), one.body_days, one.keeps_subject, one.hides_links)
        for one in StreamSetting.objects.filter(account=account)
    }
    return dict.fromkeys(Stream, Choice()) | chosen


def hides_links(account_id: int, stream: str = "") -> bool:
    """Whether links with tokens are hidden, in mail of this stream, from those who only look. Without a stream: whether
    they are in any."""
    chosen = StreamSetting.objects.filter(account=account_id, hides_links=True)
    return (chosen.filter(stream=stream) if stream else chosen).exists()


def choose(
    account: Account, wanted: Mapping[Stream, Choice], *, user: User, request: HttpRequest | None = None
) -> list[Stream]:
    """Keeps the choices and writes those that change into the audit log; returns the streams that changed."""
    with transaction.atomic():
        # Two people who save at once follow one another, so that the log tells what each of them changed.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        before = choices_of(account)
        changed = [stream for stream, choice in wanted.items() if choice != before[stream]]
        for stream in changed:
            setting, _ = StreamSetting.objects.update_or_create(
                account=account, stream=stream, defaults=asdict(wanted[stream])
            )
            audit.record(
                "stream.changed",
                account=account,
                actor=user,
                target=setting,
                changes=_changes(before[stream], wanted[stream]),
                request=request,
            )
    return changed


def _changes(before: Choice, after: Choice) -> dict[str, dict[str, object]]:
    was, becomes = asdict(before), asdict(after)
    return {name: {"from": was[name], "to": value} for name, value in becomes.items() if value != was[name]}
