"""`make demo-mail` sends a bounded stream through the real API, and says what became of it."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.embedded.demo_stream import TROUBLES, first_letters, letters
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.testing.world import World, make_world
from sending.models import Message

Send = Callable[..., str]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def send(tmp_path: Path) -> Send:
    """The command, with the facts of an instance at `url`."""

    def run(world: World, url: str, *arguments: str, secret: str | None = None) -> str:
        facts = {"DASHBOARD_URL": url, "API_URL": url, "BULK_API_URL": f"{url}/bulk", "DEMO_DOMAIN": world.domain.name}
        facts |= {"API_TOKEN": secret or world.secret, "ACCOUNT_ID": str(world.account.pk)}
        (tmp_path / "demo.env").write_text("".join(f"{name}={value}\n" for name, value in facts.items()))
        return command(tmp_path, *arguments)

    return run


def command(var_dir: Path, *arguments: str) -> str:
    said = StringIO()
    with override_settings(ENVIRONMENT=replace(settings.ENVIRONMENT, var_dir=var_dir)):
        call_command("demo_mail", *arguments, stdout=said)
    return said.getvalue()


def test_so_many_mails_are_accepted_of_both_streams(world: World, live_server: LiveServer, send: Send) -> None:
    said = send(world, live_server.url, "--seconds", "2", "--rate", "8")
    assert "16 emails were accepted." in said
    assert f"{live_server.url}/a/{world.account.pk}/log/" in said
    assert Message.objects.filter(account=world.account).count() == 16
    assert {message.recipient.rpartition("@")[2] for message in Message.objects.all()} == {"simulator.test"}


def test_refusals_are_counted_with_their_words(world: World, live_server: LiveServer, send: Send) -> None:
    said = send(world, live_server.url, "--seconds", "1", "--rate", "3", secret="0" * 32)
    assert "0 emails were accepted." in said
    assert "3 refused: HTTP 401" in said


def test_without_an_instance_it_ends_with_a_sentence(world: World, send: Send, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no instance runs here"):
        command(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="Start everything with `make run`"):
        send(world, f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    "arguments", [("--seconds", "0"), ("--seconds", "601"), ("--rate", "0"), ("--rate", "11"), ("--rate", "nan")]
)
def test_it_is_bounded(tmp_path: Path, arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="goes from 1 to 600"):
        command(tmp_path, *arguments)


def test_only_the_development_route_sends_it(tmp_path: Path) -> None:
    with override_settings(ROUTE="mx"), pytest.raises(CommandError, match="development route only"):
        command(tmp_path)


def test_the_stream_has_trouble_in_it_and_the_first_mails_each_kind_once() -> None:
    stream = letters("demo.test", Random(1))
    names = {next(stream)[1]["to"][0]["email"].partition("+")[0] for _ in range(300)}
    assert set(TROUBLES) < names
    first = [letter["to"][0]["email"].partition("@")[0] for _, letter in first_letters("demo.test")]
    assert all(first.count(name) == 1 for name in TROUBLES)
