"""Acts on the DKIM keys of a domain: replacing the one that signs, giving up one that leaked, Ed25519, how they stand
in DNS. The one writer of `DkimKey`, `key_mode` and `ed25519_enabled` after a domain was added.

Keys are made and DNS is asked before a transaction begins; each act then locks the domain, looks again and writes
under a condition, so two workers or a crash between two steps lose nothing.
"""

from datetime import datetime

import structlog
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, notices
from accounts.models import User
from domains import resolver
from domains.answers import Outcome
from domains.dkim import KeyPair, generate, generate_ed25519, publishes, record_tags
from domains.key_records import expected_key_records, rewrite_records
from domains.key_states import Algorithm, KeyState, Ring, ring
from domains.models import DkimKey, SendingDomain
from domains.names import display_name
from domains.records import dkim_record_name
from domains.setup import random_label

log = structlog.get_logger(__name__)

KeyMode = SendingDomain.KeyMode
ED25519_SELECTOR = "mt3"


class KeyRefusal(Exception):
    """An act that cannot be done now; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def ring_of(domain: SendingDomain) -> Ring | None:
    """The domain's keys by what they do, their secrets left sealed."""
    keys = domain.dkim_keys.defer("private_key").order_by("pk")
    return ring(list(keys), ed25519_enabled=domain.ed25519_enabled)


def replace(domain: SendingDomain, *, user: User | None = None, request: HttpRequest | None = None) -> DkimKey:
    """Begin a replacement: fresh material at the selector that does not sign. Takes up to half a second.

    It signs once DNS gives it (`settle`). Raises KeyRefusal while another replacement goes on, and while mail that the
    key at that selector signed may be under way.
    """
    pair, second = generate(), generate_ed25519()
    with transaction.atomic():
        row, keys = _locked(domain)
        if keys is None or keys.other is None:
            raise KeyRefusal(_("This domain has no two keys that could take turns. Ask support."))
        if keys.waiting is not None:
            raise KeyRefusal(_("A replacement is already going on."))
        if row.dns_verified_at is None:
            raise KeyRefusal(_("The domain is not verified, so nothing would show that a new key stands in DNS."))
        if keys.replaceable_from > timezone.now():
            raise KeyRefusal(_("Mail that the key before signed may still be under way, so it has to stay for a week."))
        fresh = _succeed(keys.other, pair)
        if keys.ed25519 is not None and keys.ed25519_state is KeyState.SIGNS:
            _succeed(keys.ed25519, second)
        rewrite_records(row)
        changes = {"selector": {"from": keys.signer.selector, "to": fresh.selector}}
        _record("dkim_key.replacement_began", row, changes, user, request)
    return fresh


def settle(domain_id: int) -> list[DkimKey]:
    """Let keys sign that waited and that DNS gives by now; returns them. Asks DNS, at most five seconds a key."""
    domain = SendingDomain.objects.filter(pk=domain_id, deleted_at=None).first()
    keys = ring_of(domain) if domain else None
    if domain is None or keys is None:
        return []
    now = timezone.now()
    ready = [key for key in keys.pending if keys.settles_at(key) <= now and stands(domain, key)]
    if not ready:
        return []
    with transaction.atomic():
        row, again = _locked(domain)
        pending = {key.pk for key in again.pending} if again else set()
        begun = [key for key in ready if key.pk in pending and _begin(key, timezone.now())]
        for key in begun:
            _tell_begun(row, key, again.signer if again else None)
        rewrite_records(row)
    return begun


def give_up(domain: SendingDomain, *, user: User | None = None, request: HttpRequest | None = None) -> DkimKey:
    """The signing key has leaked: the other one signs from now on, and fresh material takes the place of the leaked.

    Raises KeyRefusal where DNS does not give the other key, since mail could not be verified then.
    """
    known = ring_of(domain)
    if known is None or known.other is None or not stands(domain, known.other):
        raise KeyRefusal(
            _("DNS does not give the other key, so its signatures would not stand. Nothing was changed: publish its")
            + " "
            + _("record first, or take the record of the leaked key out of DNS yourself.")
        )
    pair, second = generate(), generate_ed25519()
    with transaction.atomic():
        row, keys = _locked(domain)
        if keys is None or keys.other is None or (keys.signer.pk, keys.other.pk) != (known.signer.pk, known.other.pk):
            raise KeyRefusal(_("The keys have just changed. Look at the page again."))
        now = timezone.now()
        DkimKey.objects.filter(pk=keys.other.pk, retired_at=None).update(signs_since=now)
        _succeed(keys.signer, pair, now)
        if keys.ed25519 is not None:
            _succeed(keys.ed25519, second, now)
        rewrite_records(row)
        changes = {"selector": {"from": keys.signer.selector, "to": keys.other.selector}}
        _record("dkim_key.given_up", row, changes, user, request)
    return keys.other


def choose_ed25519(
    domain: SendingDomain, *, enabled: bool, user: User | None = None, request: HttpRequest | None = None
) -> None:
    """Whether mail gets a second signature. It begins once DNS gives its key, and ends at once."""
    pair = generate_ed25519()
    with transaction.atomic():
        row = SendingDomain.objects.select_for_update(of=("self",)).select_related("account").get(pk=domain.pk)
        if row.ed25519_enabled == enabled:
            return
        SendingDomain.objects.filter(pk=row.pk).update(ed25519_enabled=enabled)
        row.ed25519_enabled = enabled
        if enabled:
            place = {"domain": row, "algorithm": Algorithm.ED25519, "retired_at": None}
            # The key of an earlier time is still published; whether its record is, DNS has to say anew.
            if not DkimKey.objects.filter(**place).update(signs_since=None):
                _create(row, ED25519_SELECTOR, None, Algorithm.ED25519, pair, timezone.now())
        rewrite_records(row)
        changes = {"ed25519_enabled": {"from": not enabled, "to": enabled}}
        _record("domain.ed25519_changed", row, changes, user, request)


def choose_mode(
    domain: SendingDomain, mode: str, *, user: User | None = None, request: HttpRequest | None = None
) -> None:
    """How the customer publishes the same keys from now on.

    TXT records are found through a CNAME as well, so the way there needs nothing. Back to CNAME records is possible
    once they stand: raises KeyRefusal with the first that does not.
    """
    if mode == KeyMode.DELEGATED and (missing := _missing_cname(domain)):
        raise KeyRefusal(
            _("%(name)s is no CNAME to our name yet. Publish it first: mail goes on being signed meanwhile.")
            % {"name": missing}
        )
    with transaction.atomic():
        row = SendingDomain.objects.select_for_update(of=("self",)).select_related("account").get(pk=domain.pk)
        before = row.key_mode
        if before == mode:
            return
        row.key_mode = KeyMode(mode)
        row.save(update_fields=["key_mode"])
        rewrite_records(row)
        _record("domain.key_mode_changed", row, {"key_mode": {"from": before, "to": mode}}, user, request)


def withdraw_ed25519(domain_id: int) -> bool:
    """End the second signature where its record is gone from DNS; it begins again when the record is back."""
    domain = SendingDomain.objects.filter(pk=domain_id, ed25519_enabled=True).first()
    keys = ring_of(domain) if domain else None
    if domain is None or keys is None or keys.ed25519 is None or stands(domain, keys.ed25519) is not False:
        return False
    gone = DkimKey.objects.filter(pk=keys.ed25519.pk, retired_at=None, signs_since__isnull=False)
    ended = bool(gone.update(signs_since=None))
    if ended:
        log.info("dkim_ed25519_withdrawn", domain_id=domain_id)
    return ended


def stands(domain: SendingDomain, key: DkimKey) -> bool | None:
    """Whether DNS gives this key, and no other, at its selector of the domain; None when DNS does not answer."""
    answer = resolver.lookup(f"{dkim_record_name(key.selector)}.{domain.name}", "TXT")
    if answer.outcome.is_failure:
        return None
    records = [text for text in answer.values if record_tags(text) is not None]
    return bool(records) and all(publishes(text, key.public_key, key.algorithm) for text in records)


def _missing_cname(domain: SendingDomain) -> str:
    for record in expected_key_records(domain, KeyMode.DELEGATED):
        answer = resolver.lookup(record.fqdn, "CNAME")
        if answer.outcome is not Outcome.FOUND or answer.values != (record.value,):
            return record.fqdn
    return ""


def _locked(domain: SendingDomain) -> tuple[SendingDomain, Ring | None]:
    """The row and its keys as they are now; every act on keys holds this lock. Raises KeyRefusal when it is deleted."""
    rows = SendingDomain.objects.select_for_update(of=("self",)).select_related("account")
    row = rows.filter(pk=domain.pk, deleted_at=None).first()
    if row is None:
        raise KeyRefusal(_("This domain was deleted."))
    return row, ring_of(row)


def _succeed(old: DkimKey, pair: KeyPair, now: datetime | None = None) -> DkimKey:
    """Retire `old` and put another at its place in DNS."""
    now = now or timezone.now()
    if not DkimKey.objects.filter(pk=old.pk, retired_at=None).update(retired_at=now):
        raise KeyRefusal(_("The keys have just changed. Look at the page again."))
    return _create(old.domain, old.selector, old.key_id, old.algorithm, pair, now)


def _create(
    domain: SendingDomain, selector: str, key_id: str | None, algorithm: str, pair: KeyPair, now: datetime
) -> DkimKey:
    return DkimKey.objects.create(
        domain=domain,
        selector=selector,
        key_id=key_id or random_label(12),
        algorithm=algorithm,
        private_key=pair.private_pem.decode("ascii"),
        public_key=pair.public_base64,
        created_at=now,
    )


def _begin(key: DkimKey, now: datetime) -> bool:
    waiting = DkimKey.objects.filter(pk=key.pk, retired_at=None, signs_since=None)
    return bool(waiting.update(signs_since=now))


def _tell_begun(domain: SendingDomain, key: DkimKey, before: DkimKey | None) -> None:
    if key.algorithm == Algorithm.ED25519:
        _record("dkim_key.ed25519_began", domain, {"selector": {"from": "", "to": key.selector}}, None, None)
        return
    was = before.selector if before else ""
    _record("dkim_key.replaced", domain, {"selector": {"from": was, "to": key.selector}}, None, None)
    name = {"name": display_name(domain.name), "new": key.selector, "old": was}
    notices.notify(
        domain.account,
        "dkim_key.replaced",
        _("%(name)s has a new signing key") % name,
        _("%(new)s signs from now on. %(old)s stays published, so that mail under way verifies.") % name,
        path=reverse("domains:keys", args=[domain.account_id, domain.pk]),
        letter=False,
        domain_id=domain.pk,
    )


def _record(
    action: str,
    domain: SendingDomain,
    changes: dict[str, dict[str, object]] | dict[str, dict[str, str]] | dict[str, dict[str, bool]],
    user: User | None,
    request: HttpRequest | None,
) -> None:
    audit.record(action, account=domain.account, actor=user, target=domain, changes=changes, request=request)
    log.info(action.replace(".", "_"), domain_id=domain.pk, account_id=domain.account_id)
