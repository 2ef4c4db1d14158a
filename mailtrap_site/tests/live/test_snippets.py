"""The lines of the integration page are run as they stand there, the token in the environment; the mail arrives."""

import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest

from mailtrap_site.testing.live_instance import LiveInstance, wait_for
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.testing.visitor import Visitor
from mailtrap_site.tests.live.conftest import Proxy, run
from sending.pages.snippets import WAYS

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]

AUTHOR, READER = "hello@demo.test", "demo@demo.test"
PROJECT = """\
import os, sys
sys.path.insert(0, {folder!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What runs the lines of a way: the file that they are pasted into, and the command, in that file's folder."""

    file: str
    command: Callable[[str], list[str]]
    needs: tuple[str, ...] = ()


def harness(program: str, name: str, *arguments: str) -> Callable[[str], list[str]]:
    return lambda code: [program, str(NODE_DIR / name), "lines", *arguments]


def as_the_remark_says(code: str) -> list[str]:
    """The command below "Then, to try it"."""
    (line,) = re.findall(r"^#   (.*manage\.py.*)$", code, re.MULTILINE)
    return ["sh", "-c", line.replace("python manage.py", f"{shlex.quote(sys.executable)} manage.py")]


RUNTIMES = {
    "curl": Runtime("lines.sh", lambda code: ["sh", "lines.sh"], ("curl",)),
    "php": Runtime("lines.php", lambda code: ["php", "lines.php"], ("php",)),
    "ruby": Runtime("lines.rb", lambda code: ["ruby", "lines.rb"], ("ruby",)),
    "go": Runtime("lines.go", lambda code: ["go", "run", "lines.go"], ("go",)),
    "java": Runtime("Send.java", lambda code: ["java", "Send.java"], ("javac",)),
    "python-sdk": Runtime("lines.py", lambda code: [sys.executable, "lines.py"], ("mailtrap-python",)),
    "node-sdk": Runtime("lines.js", lambda code: ["node", "lines.js"], ("mailtrap-node",)),
    "swaks": Runtime("lines.sh", lambda code: ["sh", "lines.sh"], ("swaks",)),
    "python": Runtime("lines.py", lambda code: [sys.executable, "lines.py"]),
    "node": Runtime("lines.js", lambda code: ["node", "lines.js"], ("nodemailer",)),
    "django": Runtime("settings.py", as_the_remark_says),
    "anymail": Runtime("settings.py", as_the_remark_says, ("anymail-python",)),
    "laravel": Runtime("lines", harness("php", "send_with_symfony.php", AUTHOR, READER), ("symfony-mailer",)),
    "symfony": Runtime("lines", harness("php", "send_with_symfony.php", AUTHOR, READER), ("symfony-mailer",)),
    "rails": Runtime("lines", harness("ruby", "send_with_rails.rb", READER), ("ruby-mail",)),
    "wordpress": Runtime("lines", harness("php", "send_with_wordpress.php", READER), ("phpmailer",)),
}
NOT_RUN = {"dotnet"}
"""Debian has no .NET."""


@pytest.fixture(scope="module")
def demo_user(live: LiveInstance) -> Visitor:
    visitor = live.visitor()
    visitor.open("/accounts/login/")
    visitor.press("Sign in", login=live.facts["LOGIN_EMAIL"], password=live.facts["LOGIN_PASSWORD"])
    return visitor


def test_every_way_is_run() -> None:
    assert RUNTIMES.keys() | NOT_RUN == {way.key for way in WAYS}


@pytest.mark.parametrize("stream", ["transactional", "bulk"])
@pytest.mark.parametrize(
    "way", [pytest.param(key, marks=pytest.mark.outside(*one.needs)) for key, one in RUNTIMES.items()]
)
def test_the_lines_send(
    live: LiveInstance, proxy: Proxy, demo_user: Visitor, tmp_path: Path, way: str, stream: str
) -> None:
    runtime = RUNTIMES[way]
    code = lines(live, demo_user, way, stream)
    before = sent(live)
    paste(code, runtime.file, tmp_path)
    node = {"NODE_PATH": str(NODE_DIR / "node_modules")}
    # Of what the SDK's remark asks for; other ways need no proxy.
    settings = proxy.settings if way == "python-sdk" else {"SSL_CERT_FILE": str(live.certificate_authority)}
    run(runtime.command(code), tmp_path, API_TOKEN=live.facts["API_TOKEN"], **node, **settings)
    wait_for(lambda: sent(live) == before + 1, "one more mail in the log")
    found = live.demo.find(READER)
    assert (found["from"], found["sending_stream"]) == (AUTHOR, stream)
    assert found["subject"] == "Hello" or "anage.py sendtestemail" in code
    live.demo.wait_until(found["message_id"], "delivered")


def lines(live: LiveInstance, reader: Visitor, way: str, stream: str) -> str:
    """What the page's copy button copies."""
    reader.open(f"/a/{live.facts['ACCOUNT_ID']}/integration/?with={way}&stream={stream}")
    (marked,) = re.findall(r'id="snippet" tabindex="0">(.*?)</pre>', reader.page.text, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "", marked))


def sent(live: LiveInstance) -> int:
    """How many mails the log has to the reader."""
    wanted = {"filters[to][operator]": "ci_equal", "filters[to][value]": READER}
    return int(live.demo.get("email_logs", **wanted)["total_count"])


def paste(code: str, file: str, folder: Path) -> None:
    """As its reader would: a Django project has settings already, into which the lines go."""
    if file == "settings.py":
        code = f"SECRET_KEY = 'x'\nINSTALLED_APPS = []\n{code}"
        (folder / "manage.py").write_text(PROJECT.format(folder=str(folder)))
    (folder / file).write_text(code)
