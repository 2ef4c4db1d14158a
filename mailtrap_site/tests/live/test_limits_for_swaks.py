"""What swaks is told where a limit of the account is reached, and with which exit code it ends."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailtrap_site.testing.live_instance import LiveInstance, wait_for

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300), pytest.mark.outside("swaks")]

NOT_LET_IN, NOT_TAKEN, SENDER_REFUSED = 28, 26, 23
TWO = "limits-1@reader.test,limits-2@reader.test"


def swaks(live: LiveInstance, recipients: str, *more: str) -> tuple[int, str]:
    """The exit code, and all that was said."""
    command = [
        *("swaks", "--server", live.facts["SMTP_HOST"], "--port", live.facts["SMTP_PORT"]),
        *("--tls", "--tls-verify", "--tls-ca-path", str(live.certificate_authority)),
        *("--auth", "PLAIN", "--auth-user", "api", "--auth-password", live.facts["API_TOKEN"]),
        *("--from", "hello@demo.test", "--to", recipients, *more),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


@contextlib.contextmanager
def granted(live: LiveInstance, term: str, value: int) -> Iterator[None]:
    """The demo account has this term in place of its plan's."""
    account = int(live.facts["ACCOUNT_ID"])
    live.change(
        "INSERT INTO billing_quotaoverride (account_id, term, value, reason, starts_at) "
        "VALUES (%s, %s, %s, 'A live test', now() - interval '1 minute')",
        account,
        term,
        value,
    )
    try:
        yield
    finally:
        live.change("DELETE FROM billing_quotaoverride WHERE reason = 'A live test'")


def test_the_month_ends_at_data_and_then_at_auth(live: LiveInstance) -> None:
    used = live.demo.used
    with granted(live, "emails_per_month", used + 1):
        code, said = swaks(live, TWO)
        assert (code, "<~* 535 5.7.0 Monthly messages limit reached" in said) == (NOT_TAKEN, True), said
    with granted(live, "emails_per_month", used):
        # For two seconds the server goes by what it has just seen.
        found = wait_for(lambda: found if (found := swaks(live, TWO))[0] == NOT_LET_IN else None, "a refusal")
        assert found is not None
        assert "<~* 535 5.7.0 Monthly messages limit reached" in found[1]
    assert live.demo.used == used
    assert live.captured("limits-1@reader.test") == []


def test_the_day_and_the_token_end_at_data(live: LiveInstance) -> None:
    used = live.demo.used
    with granted(live, "emails_per_day", 1):
        code, said = swaks(live, TWO)
        assert (code, "<~* 550 5.7.1 Daily messages limit reached" in said) == (NOT_TAKEN, True), said
    live.change(
        "UPDATE accounts_apitoken SET emails_per_month = 0 WHERE account_id = %s", int(live.facts["ACCOUNT_ID"])
    )
    try:
        code, said = swaks(live, TWO)
        refusal = "<~* 550 5.7.1 Monthly messages limit of the API token reached"
        assert (code, refusal in said) == (NOT_TAKEN, True), said
    finally:
        live.change("UPDATE accounts_apitoken SET emails_per_month = NULL WHERE emails_per_month = 0")
    assert live.demo.used == used


def test_a_mail_that_is_too_large_is_refused_at_data(live: LiveInstance, tmp_path: Path) -> None:
    body = tmp_path / "large.txt"
    body.write_text(("x" * 70 + "\n") * 150_000)
    code, said = swaks(live, TWO, "--body", f"@{body}")
    assert code in (NOT_TAKEN, SENDER_REFUSED), said[-500:]
    assert " 552 5.3.4 Message is larger than this server takes" in said
