"""What the demo account has sent in the past week, as a plan: so that every page has something to show. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random

from sending.models import Stream
from sending.protocol.reply import Reply

DAYS = 7
"""With today."""
_HOURS = (8, 9, 11, 13, 16, 19)
_SEED = 4711
"""The same week for everybody."""

OK = Reply(250, "2.0.0", ("OK",))
GREYLISTED = Reply(451, "4.7.1", ("Greylisted, please come back in a few minutes",))


class Fate(StrEnum):
    """What becomes of one mail, where it is not simply delivered or refused."""

    DELIVERED = "delivered"
    LATER = "delivered at the second try"
    BOUNCED = "bounced"
    CAME_BACK = "reported as undelivered after its delivery"
    COMPLAINED = "marked as spam"
    LEFT = "unsubscribed"
    SUPPRESSED = "rejected, since the address had bounced before"
    WAITING = "deferred now"
    HELD = "held now"


@dataclass(frozen=True, slots=True)
class Planned:
    """One mail to one recipient. `reply`: the last answer of the receiving server."""

    at: datetime
    stream: Stream
    category: str
    subject: str
    recipient: str
    mx: str
    fate: Fate = Fate.DELIVERED
    reply: Reply = OK
    opens: int = 0
    clicks: int = 0


def first_day(now: datetime) -> datetime:
    """Midnight (UTC) of the day on which the week begins."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)


def week(now: datetime) -> list[Planned]:
    """Some 300 mails, oldest first, the last of them before `now`."""
    rng = Random(_SEED)  # noqa: S311 a week that looks alive, no secret
    mails = [mail for day in range(DAYS) for mail in _day(first_day(now) + timedelta(days=day), day, rng)]
    specials = [_special(one, first_day(now), rng) for one in _SPECIALS]
    late = now - timedelta(minutes=26)
    waiting = [
        _mail(late, "Shipping", "defer+demo@simulator.test", "mx.simulator.test", Fate.WAITING, GREYLISTED, rng),
        _mail(late, "Invoice", "held+demo@simulator.test", "", Fate.HELD, OK, rng),
    ]
    past = [mail for mail in (*mails, *specials) if mail.at < late]
    return sorted((*past, *waiting), key=lambda mail: mail.at)


def _day(midnight: datetime, day: int, rng: Random) -> Iterator[Planned]:
    for hour in _HOURS:
        for _number in range(rng.randint(4, 7)):
            category = rng.choice(list(_SUBJECTS))
            yield _delivered(_moment(midnight, hour, rng), category, Stream.TRANSACTIONAL, rng)
    if day in _NEWSLETTERS:
        for _number in range(34):
            yield _delivered(_moment(midnight, _HOURS[1], rng), "Newsletter", Stream.BULK, rng)


def _delivered(at: datetime, category: str, stream: Stream, rng: Random) -> Planned:
    domain, mx = rng.choice(_SITES)
    opens = rng.choice((0, 0, 0, 1, 1, 2))
    mail = _mail(at, category, f"{rng.choice(_NAMES)}@{domain}", mx, Fate.DELIVERED, OK, rng, stream)
    if rng.random() < 0.03:
        return _with(mail, Fate.LATER, opens=opens, clicks=0)
    return _with(mail, Fate.DELIVERED, opens=opens, clicks=1 if opens > 1 else 0)


def _special(one: tuple[int, int, str, str, str, Fate, Reply], monday: datetime, rng: Random) -> Planned:
    day, hour, category, recipient, mx, fate, reply = one
    stream = Stream.BULK if category == "Newsletter" else Stream.TRANSACTIONAL
    at = _moment(monday + timedelta(days=day), hour, rng)
    return _mail(at, category, recipient, mx, fate, reply, rng, stream)


def _mail(
    at: datetime,
    category: str,
    recipient: str,
    mx: str,
    fate: Fate,
    reply: Reply,
    rng: Random,
    stream: Stream = Stream.TRANSACTIONAL,
) -> Planned:
    subject = (_SUBJECTS | _BULK)[category].format(rng.randint(58_000, 59_999))
    return Planned(at, stream, category, subject, recipient, mx, fate, reply)


def _with(mail: Planned, fate: Fate, *, opens: int, clicks: int) -> Planned:
    return Planned(
        mail.at, mail.stream, mail.category, mail.subject, mail.recipient, mail.mx, fate, mail.reply, opens, clicks
    )


def _moment(midnight: datetime, hour: int, rng: Random) -> datetime:
    return midnight + timedelta(hours=hour, milliseconds=rng.randint(60_000, 3_500_000))


_SUBJECTS = {
    "Order confirmation": "Your order {} is confirmed",
    "Shipping": "Order {} is on its way",
    "Invoice": "Invoice {}",
    "Password reset": "Set a new password",
}
_BULK = {"Newsletter": "What is new in the shop, no. {}"}
_NEWSLETTERS = (1, 4)
"""The days of the week on which one goes out."""
_NAMES = ("ada", "bjorn", "carla", "dinesh", "elif", "femi", "grace", "hugo", "ines", "jonas", "kaede", "liam", "mina")
# Recipients are at domains that nobody can own (RFC 2606), as customers of providers that everybody knows.
_SITES = (
    ("northwind.example", "aspmx.l.google.com"),
    ("northwind.example", "aspmx.l.google.com"),
    ("lumen.example", "lumen-example.mail.protection.outlook.com"),
    ("kite.example", "mta5.am0.yahoodns.net"),
    ("harbor.example", "mx01.mail.icloud.com"),
    ("pine.example", "mail.protonmail.ch"),
    ("workshop.example", "mx.workshop.example"),
)
_GOOGLE, _OUTLOOK, _YAHOO, _OWN = (_SITES[place][1] for place in (0, 2, 3, 6))
_UNKNOWN = Reply(550, "5.1.1", ("The email account that you tried to reach does not exist.",))
_SPECIALS = (
    (0, 9, "Invoice", "olga@northwind.example", _GOOGLE, Fate.BOUNCED, _UNKNOWN),
    (1, 9, "Newsletter", "old.address@lumen.example", _OUTLOOK, Fate.BOUNCED, _UNKNOWN),
    (1, 11, "Newsletter", "quentin@kite.example", _YAHOO, Fate.COMPLAINED, OK),
    (1, 13, "Newsletter", "rosa@harbor.example", _SITES[4][1], Fate.LEFT, OK),
    (2, 9, "Shipping", "sam@workshop.example", _OWN, Fate.BOUNCED, Reply(552, "5.2.2", ("Mailbox is full",))),
    (2, 13, "Invoice", "olga@northwind.example", "", Fate.SUPPRESSED, OK),
    (3, 9, "Order confirmation", "tara@workshop.example", _OWN, Fate.CAME_BACK, Reply(550, "5.1.1", ("User unknown",))),
    (
        *(3, 16, "Invoice", "uwe@lumen.example", _OUTLOOK, Fate.BOUNCED),
        Reply(550, "5.7.26", ("Unauthenticated email is not accepted: the domain's DMARC policy says so",)),
    ),
    (
        *(4, 9, "Newsletter", "vito@northwind.example", _GOOGLE, Fate.BOUNCED),
        Reply(550, "5.7.1", ("Our system has detected that this message is likely unsolicited mail",)),
    ),
    (4, 11, "Newsletter", "wanda@pine.example", _SITES[5][1], Fate.LEFT, OK),
    (
        *(5, 9, "Shipping", "xenia@workshop.example", _OWN, Fate.BOUNCED),
        Reply(554, "5.0.0", ("The gate is shut, ask Zorp about 4711",)),
    ),
    (5, 13, "Invoice", "olga@northwind.example", "", Fate.SUPPRESSED, OK),
    (
        *(6, 8, "Shipping", "yann@workshop.example", _OWN, Fate.BOUNCED),
        Reply(554, "5.0.0", ("The gate is shut, ask Zorp about 4712",)),
    ),
)
"""Day, hour, category, recipient, exchanger, fate and the last answer of the mails that did not simply arrive."""
