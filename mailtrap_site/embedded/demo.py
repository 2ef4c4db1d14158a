"""The demo account of the development route: a verified domain, a login and a token, made once for this instance."""

import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import tokens
from accounts.models import Account, ApiToken, Membership, Role, User
from accounts.signup import open_account
from billing.models import QuotaOverride, UsagePeriod
from domains import company
from domains.compliance import automatic, review
from domains.models import SendingDomain
from domains.setup import add_domain, publish_in_demo_zone
from domains.verification import check
from mailtrap_site.embedded import demo_rows, demo_stream, demo_week, whole_file
from mailtrap_site.support.platform import ensure_platform
from sending.capture.sandboxes import sandboxes_of

LOGIN = "demo@demo.test"
DOMAIN = "demo.test"
COMPANY = {
    "name": "Demo Shop",
    "address": "1 Example Street",
    "city": "Springfield",
    "country": "United States",
    "zip_code": "12345",
    "website_url": f"https://{DOMAIN}",
}
TOKEN_NAME = "Demo"  # noqa: S105 (a name, not a secret)


class NotVerified(Exception):
    """The demo domain's records were published, but DNS does not answer them."""


def seed(var_dir: Path) -> dict[str, str]:
    """Makes what is missing and returns the facts of `demo.env`. Raises NotVerified when the local DNS is silent."""
    ensure_platform()
    kept = _read(var_dir / "demo.secrets")
    password = kept.get("LOGIN_PASSWORD") or secrets.token_urlsafe(12)
    with transaction.atomic():
        user = _ensure_user(password)
        account = _ensure_account(user)
        _ensure_room(account)
        _ensure_company(account, user)
        secret = _ensure_token(account, user, kept.get("API_TOKEN", ""))
        is_filled = not settings.ENVIRONMENT.demo_mail or _ensure_age(account)
    whole_file.write(var_dir / "demo.secrets", _lines({"LOGIN_PASSWORD": password, "API_TOKEN": secret}), mode=0o600)
    domain = _ensure_domain(account, user)
    facts = _facts(account, domain, password, secret)
    if not is_filled:
        _fill(account, domain, facts)
    return facts


def write(var_dir: Path, facts: Mapping[str, str]) -> None:
    """Puts `demo.env` in place in one step: who sees it sees all of it."""
    whole_file.write(var_dir / "demo.env", _lines(facts), mode=0o600)


def _ensure_user(password: str) -> User:
    user = User.objects.filter(email=LOGIN).first()
    if user is None:
        user = User.objects.create_user(LOGIN, password, name="Demo")
        EmailAddress.objects.create(user=user, email=LOGIN, verified=True, primary=True)
    elif not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def _ensure_account(user: User) -> Account:
    membership = Membership.objects.filter(user=user, role=Role.OWNER).select_related("account").order_by("pk").first()
    if membership is not None:
        return membership.account
    return open_account(user)


def _ensure_room(account: Account) -> None:
    """The demo domain fills the Free plan's one place, and the way to a verified domain is there to be walked."""
    term = QuotaOverride.Term.DOMAINS
    if not QuotaOverride.objects.filter(account=account, term=term).exists():
        QuotaOverride.objects.create(account=account, term=term, value=5, reason="Room to try the domain wizard.")


def _ensure_company(account: Account, user: User) -> None:
    if company.info_of(account) is None:
        company.save(account, COMPANY, user=user)


def _ensure_token(account: Account, user: User, kept: str) -> str:
    digest = sha256(kept.encode()).hexdigest()
    if kept and ApiToken.objects.filter(account=account, digest=digest, expires_at=None).exists():
        return kept
    _token, secret = tokens.create(account, user, TOKEN_NAME)
    return secret


def _ensure_domain(account: Account, user: User) -> SendingDomain:
    domain = SendingDomain.objects.filter(account=account, name=DOMAIN, deleted_at=None).first()
    if domain is None:
        domain, _name = add_domain(account, DOMAIN, user=user)
        publish_in_demo_zone(domain)
    if domain.dns_verified_at is None:
        domain = check(domain.pk) or domain
    waiting = review.last_of(domain)
    if waiting is not None:
        # The rules approve it as they would anybody's, here or in a worker that was quicker.
        automatic.look(waiting)
        domain.refresh_from_db()
    if not domain.may_send().allowed:
        raise NotVerified(f"{DOMAIN} could not be verified: does the local name server answer?")
    return domain


def _ensure_age(account: Account) -> bool:
    """Lets an account that never sent anything begin before its week of mail; True for one that has sent."""
    if UsagePeriod.objects.filter(account=account).exists():
        return True
    account.created_at = demo_week.first_day(timezone.now())
    account.save(update_fields=["created_at"])
    term = QuotaOverride.Term.LOG_DAYS
    if not QuotaOverride.objects.filter(account=account, term=term).exists():
        QuotaOverride.objects.create(account=account, term=term, value=30, reason="A week of mail to look at.")
    return False


def _fill(account: Account, domain: SendingDomain, facts: Mapping[str, str]) -> None:
    """A week of mail that was, and a few mails that leave now through the API."""
    now = timezone.now()
    token = ApiToken.objects.get(account=account, digest=sha256(facts["API_TOKEN"].encode()).hexdigest())
    demo_rows.plant(account, domain, token, demo_week.week(now), now)
    try:
        for stream, letter in demo_stream.first_letters(domain.name):
            demo_stream.send(facts, stream, letter, demo_stream.Sent())
    except demo_stream.NotRunning:
        # The command was run by itself: the week is there, and today's mail is for whoever comes.
        return


def _facts(account: Account, domain: SendingDomain, password: str, secret: str) -> dict[str, str]:
    environment = settings.ENVIRONMENT
    return {
        "DASHBOARD_URL": settings.SITE_URL,
        "API_URL": settings.SITE_URL,
        "BULK_API_URL": f"{settings.SITE_URL}/bulk",
        "SMTP_HOST": environment.smtp_host,
        "SMTP_PORT": str(environment.smtp_port),
        "SMTPS_PORT": str(environment.smtps_port),
        "BULK_SMTP_USER": "bulk",
        "API_TOKEN": secret,
        "ACCOUNT_ID": str(account.pk),
        "DOMAIN_ID": str(domain.pk),
        "DEMO_DOMAIN": domain.name,
        "SANDBOX_ID": str(sandboxes_of(account)[0].pk),
        "LOGIN_EMAIL": LOGIN,
        "LOGIN_PASSWORD": password,
        "DATABASE_URL": environment.database_url,
    }


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value for name, _equals, value in pairs if value}


def _lines(facts: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in facts.items())
