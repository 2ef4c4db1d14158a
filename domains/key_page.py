"""The page of a domain's keys as facts and sentences. Nothing of it is stored."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from domains.key_records import expected_key_records
from domains.key_states import KeyState, Ring
from domains.keys import KeyMode, ring_of
from domains.models import DkimKey, SendingDomain
from domains.names import display_name
from domains.records import ExpectedRecord, dkim_record_name
from domains.wizard import RecordRow, wizard
from mailtrap_site.web.statuses import Look
from mailtrap_site.web.wording import moment_words, time_words

LOOKS: dict[KeyState, Look] = {
    KeyState.SIGNS: Look("tick-circle", gettext_lazy("Signs"), "good"),
    KeyState.WAITS: Look("clock", gettext_lazy("Waits for DNS"), "accent"),
    KeyState.SPARE: Look("ring", gettext_lazy("Spare"), "neutral"),
    KeyState.STAYS: Look("door", gettext_lazy("Signed before"), "outline"),
    KeyState.RESTS: Look("pause", gettext_lazy("Switched off"), "outline"),
}


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key that stands in DNS."""

    key: DkimKey
    look: Look
    sentence: str

    @property
    def record_name(self) -> str:
        return dkim_record_name(self.key.selector)


@dataclass(frozen=True, slots=True)
class KeyPage:
    """What the page says about the keys of one domain."""

    domain: SendingDomain
    name: str
    ring: Ring
    rows: list[KeyRow]
    records: list[RecordRow]
    now: datetime

    @property
    def is_direct(self) -> bool:
        return self.domain.key_mode == KeyMode.DIRECT

    @property
    def may_replace(self) -> bool:
        verified = self.domain.dns_verified_at is not None
        return verified and self.ring.waiting is None and self.ring.replaceable_from <= self.now

    @property
    def lead(self) -> str:
        """The answer to what one comes for: which key signs, and what happens next."""
        words = {"selector": self.ring.signer.selector, "name": self.name}
        if self.ring.waiting is not None:
            return _("%(new)s takes over from %(selector)s") % {**words, "new": self.ring.waiting.selector}
        return _("%(selector)s signs the mail of %(name)s") % words

    @property
    def next_step(self) -> str:
        """When the next key comes, and who brings it."""
        if self.domain.dns_verified_at is None:
            return _("Nothing is sent before the domain is verified. Its keys are ready.")
        if self.ring.waiting is not None:
            return _("%(old)s signs until then, so no email goes without a signature that stands.") % {
                "old": self.ring.signer.selector
            }
        every = settings.ENVIRONMENT.domains.rotate_keys_every
        if self.is_direct:
            return _("You publish the keys, so you say when one is replaced. Twice a year is a good habit.")
        if every is None:
            return _("Keys are replaced when you say so.")
        due = max((self.ring.signer.signs_since or self.now) + every, self.now)
        day = time_words(due, self.now, timezone.get_current_timezone(), "day")
        return _("We replace it by ourselves about %(day)s. You need not do anything for it.") % {"day": day}

    @property
    def delegated_records(self) -> list[ExpectedRecord]:
        """The CNAME records, for who is to publish them again."""
        return expected_key_records(self.domain, KeyMode.DELEGATED)

    @property
    def replaceable_from(self) -> str:
        return moment_words(self.ring.replaceable_from, self.now, timezone.get_current_timezone())


def key_page(domain: SendingDomain, now: datetime) -> KeyPage | None:
    """Everything the page needs; None for a domain without a key that signs."""
    ring = ring_of(domain)
    if ring is None:
        return None
    shown = wizard(domain, now)
    records = [row for row in [*shown.required, *shown.optional] if row.record.key.startswith("dkim")]
    rows = [_row(domain, ring, ring.signer, KeyState.SIGNS, now)]
    if ring.other is not None:
        rows.append(_row(domain, ring, ring.other, ring.other_state, now))
    rows.sort(key=lambda row: row.key.selector)
    if ring.ed25519 is not None and ring.ed25519_state is not KeyState.RESTS:
        rows.append(_row(domain, ring, ring.ed25519, ring.ed25519_state, now))
    return KeyPage(domain, display_name(domain.name), ring, rows, records, now)


def _row(domain: SendingDomain, ring: Ring, key: DkimKey, state: KeyState, now: datetime) -> KeyRow:
    return KeyRow(key, LOOKS[state], _sentence(domain, ring, key, state, now))


def _sentence(domain: SendingDomain, ring: Ring, key: DkimKey, state: KeyState, now: datetime) -> str:
    zone = timezone.get_current_timezone()
    match state:
        case KeyState.SIGNS:
            day = time_words(key.signs_since or now, now, zone, "clock")
            return _("Signs each email since %(day)s.") % {"day": day}
        case KeyState.SPARE:
            return _("Published and unused. It takes over at once if the other one leaks.")
        case KeyState.STAYS:
            day = time_words(ring.signer.signs_since or now, now, zone, "clock")
            return _("Signed until %(day)s. It stays published, so that mail under way verifies.") % {"day": day}
        case KeyState.WAITS:
            settles = ring.settles_at(key)
            clock = {"clock": moment_words(settles, now, zone)}
            if domain.key_mode == KeyMode.DIRECT:
                if settles > now:
                    return _("Publish its record below. It signs once that stands, from %(clock)s on.") % clock
                return _("Publish its record below. It signs once that stands; we look every five minutes.")
            if settles > now:
                return _("Published. It signs from about %(clock)s on, when no resolver holds the one before.") % clock
            return _("It signs as soon as DNS gives it at your name. We look every five minutes.")
        case _:
            return ""
