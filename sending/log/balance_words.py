"""What each kind of difference means and what to do about it, for the support desk."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sending.log.balance import Kind


@dataclass(frozen=True, slots=True)
class Meaning:
    """A difference in words: its name, what is the matter, and what to do."""

    name: str | Promise
    means: str | Promise
    do: str | Promise


MEANINGS: dict[Kind, Meaning] = {
    Kind.LOST: Meaning(
        _("Lost"),
        _("The message is not finished, and the queue does not hold it: nobody will send it."),
        _("Tell the account, and let it send this mail again. Look in the log for what removed the queue entry."),
    ),
    Kind.ZOMBIE: Meaning(
        _("Still queued"),
        _("The message is finished, and the queue still holds it: it may be sent a second time."),
        _("Cancel the queue entry before it is due. Look in the timeline for what finished the message."),
    ),
    Kind.VANISHED: Meaning(
        _("Vanished"),
        _("It was accepted, and its message is gone."),
        _("Look in the database's log and its backups: the service itself never deletes a message on its own."),
    ),
    Kind.ORPHANED: Meaning(
        _("Without message"),
        _("The queue holds an entry whose message is gone: it cannot be sent."),
        _("Restore the message from a backup, or remove the queue entry once the account knows."),
    ),
    Kind.UNRECORDED: Meaning(
        _("Never accepted"),
        _("There is a message of which no acceptance was written: it came in past the one door."),
        _("Find out what wrote it. It was not metered, and the account may never have sent it."),
    ),
    Kind.DOUBLED: Meaning(
        _("Accepted twice"),
        _("One message was accepted more than once: its account may have been metered twice."),
        _("Compare the meter of the account, and look at what wrote the second acceptance."),
    ),
    Kind.UNMETERED: Meaning(
        _("Not metered"),
        _("It was accepted, and no usage period of its account holds that moment."),
        _("Look at the usage periods of the account: one is missing, or its dates were changed."),
    ),
}

METER = Meaning(
    _("Meter"),
    _("The meter shows something else than was accepted in its period."),
    _("Compare the hours of the account below; correct the meter before the account's next bill."),
)
