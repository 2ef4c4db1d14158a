"""The page of text that ends a successful start: where to look, how to sign in, and two commands that send a mail."""

import json
import shlex
from pathlib import Path

from mailtrap_site.embedded.console import Console
from mailtrap_site.environment import Environment


def show(console: Console, demo_file: Path, settings: Environment, *, seconds: float) -> None:
    """Shows the facts of `demo_file` (KEY=VALUE), or less when there is none."""
    facts = _read(demo_file)
    console.say(f"Everything is ready after {seconds:.1f} s.")
    if not facts:
        console.show(f"\n  Dashboard   {settings.site_url}\n  Stop        Ctrl-C\n")
        return
    console.show(_page(console, facts, settings, demo_file))


def _page(console: Console, facts: dict[str, str], settings: Environment, demo_file: Path) -> str:
    rows = (
        ("Dashboard", facts["DASHBOARD_URL"]),
        ("Sign in", f"{facts['LOGIN_EMAIL']}   password {facts['LOGIN_PASSWORD']}"),
        ("API", f"{facts['API_URL']}   token {facts['API_TOKEN']}"),
        (
            "SMTP",
            f"{facts['SMTP_HOST']} port {facts['SMTP_PORT']} (STARTTLS) or {facts['SMTPS_PORT']} (TLS),"
            " user api, password: the token",
        ),
        ("Domain", f"{facts['DEMO_DOMAIN']} (verified)"),
    )
    lines = ["", console.strong(f"  {settings.site_name} is running, on this machine only. No mail leaves it."), ""]
    lines += [f"  {console.dim(f'{name:<10}')}  {value}" for name, value in rows]
    lines += ["", console.strong("  Send the first mail by API:"), "", _curl(facts)]
    lines += ["", console.strong("  or by SMTP:"), "", _swaks(facts)]
    lines += ["", f"  The same facts stand in {demo_file}. Ctrl-C stops everything.", ""]
    return "\n".join(lines)


def _curl(facts: dict[str, str]) -> str:
    mail = {
        "from": {"email": f"hello@{facts['DEMO_DOMAIN']}", "name": "Demo"},
        "to": [{"email": "you@example.com"}],
        "subject": "First mail by API",
        "text": "It works.",
    }
    words = ["curl", "-sS", f"{facts['API_URL'].rstrip('/')}/api/send"]
    words += ["-H", f"Authorization: Bearer {facts['API_TOKEN']}", "-H", "Content-Type: application/json"]
    return shlex.join([*words, "-d", json.dumps(mail)])


def _swaks(facts: dict[str, str]) -> str:
    words = ["swaks", "--server", facts["SMTP_HOST"], "--port", facts["SMTP_PORT"], "--tls"]
    words += ["--auth", "PLAIN", "--auth-user", "api", "--auth-password", facts["API_TOKEN"]]
    words += ["--from", f"hello@{facts['DEMO_DOMAIN']}", "--to", "you@example.com"]
    return shlex.join([*words, "--header", "Subject: First mail by SMTP", "--body", "It works."])


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    pairs = (line.partition("=") for line in file.read_text().splitlines() if "=" in line)
    return {name: value.strip("'\"") for name, _, value in pairs}
