"""The launcher of the embedded PostgreSQL."""

import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest

from mailtrap_site.embedded import databases, identity
from mailtrap_site.embedded.postgres import Cluster, PostgresUnavailable, binaries, free_port
from mailtrap_site.tests.embedded.conftest import gone, wait_for

Started = subprocess.Popen[bytes]


def start(cluster: Cluster) -> Started:
    process = cluster.spawn(output=subprocess.DEVNULL)
    cluster.wait_until_ready(process)
    return process


def test_it_starts_answers_in_utf8_and_stops(cluster: Cluster) -> None:
    assert cluster.create()
    process = start(cluster)
    with psycopg.connect(cluster.url("postgres")) as connection:
        row = connection.execute(
            "SELECT pg_encoding_to_char(encoding), datlocprovider, lower('ÄÖ'), current_setting('TimeZone')"
            " FROM pg_database WHERE datname = 'postgres'"
        ).fetchone()
    assert row == ("UTF8", "b", "äö", "UTC")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert not cluster.create(), "the data folder is made once"


def test_a_wrong_password_is_refused(cluster: Cluster) -> None:
    cluster.create()
    start(cluster)
    wrong = Cluster(cluster.folder, cluster.port, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong.url("postgres"))


def test_it_starts_again_after_kill_9_and_keeps_what_was_committed(cluster: Cluster) -> None:
    cluster.create()
    process = start(cluster)
    with psycopg.connect(cluster.url("postgres")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    process.kill()
    # Not reaped on purpose: the old server stays a zombie, as under a PID 1 that does not reap.
    again = start(cluster)
    with psycopg.connect(cluster.url("postgres")) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert again.pid != process.pid
    process.wait()


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(cluster: Cluster) -> None:
    cluster.create()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n1\n{cluster.port}\n\n\n\nready\n")
    start(cluster)
    assert not gone(os.getpid())


def test_a_server_left_by_a_killed_starter_is_ended_first(cluster: Cluster) -> None:
    cluster.create()
    left = start(cluster)
    start(cluster)
    assert left.wait(1) == 0


def test_a_half_made_data_folder_is_made_anew(cluster: Cluster) -> None:
    (cluster.folder / "data.new" / "base").mkdir(parents=True)
    (cluster.folder / "data").mkdir()
    assert cluster.create()
    start(cluster)


def test_data_of_another_version_is_refused_with_a_cure(cluster: Cluster) -> None:
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(PostgresUnavailable, match="make clean-data"):
        cluster.create()


def test_a_platform_without_binaries_is_told_about_database_url(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(PostgresUnavailable, match="Set DATABASE_URL"):
        Cluster(tmp_path / "postgres", 1, "").create()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_root_falls_back_to_an_account_without_rights() -> None:
    runner = identity.choose([str(binaries() / "postgres"), "--version"], identity.unprivileged())
    if runner is None:
        pytest.skip("the packages lie in a folder that other accounts cannot read")
    assert runner.uid != 0
    # pytest's own folders are closed to the other account.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        _runs_as(runner, Path(folder) / "var" / "postgres")


def _runs_as(runner: identity.Identity, folder: Path) -> None:
    cluster = Cluster(folder, free_port(), "pass-word", throw_away=True, identity=runner)
    cluster.create()
    process = start(cluster)
    assert Path(f"/proc/{process.pid}").stat().st_uid == runner.uid
    process.kill()
    process.wait()
    # The same data under a namespace again: the files change hands.
    usual = Cluster(cluster.folder, cluster.port, "pass-word", throw_away=True)
    assert not usual.create()
    process = start(usual)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_root_leaves_the_data_of_a_normal_user_with_that_user() -> None:
    if identity.choose([str(binaries() / "postgres"), "--version"], iter([identity.Identity(12345, 12345)])) is None:
        pytest.skip("the packages lie in a folder that other accounts cannot read")
    with tempfile.TemporaryDirectory() as name:
        cluster = Cluster(Path(name) / "postgres", free_port(), "pass-word", throw_away=True)
        cluster.create()
        for path in (Path(name), *Path(name).rglob("*")):
            os.chown(path, 12345, 12345)
        assert not cluster.create()
        process = start(cluster)
        assert Path(f"/proc/{process.pid}").stat().st_uid == cluster.data.stat().st_uid == 12345
        process.kill()
        process.wait()


def test_databases_and_queue_schema_are_made_once(cluster: Cluster) -> None:
    cluster.create()
    start(cluster)
    for _ in range(2):
        databases.ensure(cluster.url("postgres"), ("mail", "broker"))
        databases.ensure_queues(cluster.url("broker", scheme="pgmq"))
    with psycopg.connect(cluster.url("broker")) as connection:
        assert connection.execute("SELECT count(*) FROM pgmq.meta").fetchone() == (0,)
    with psycopg.connect(cluster.url("mail")) as connection:
        assert connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'pgmq'").fetchone() is None


def test_two_instances_prepare_a_shared_database_one_after_the_other(cluster: Cluster) -> None:
    cluster.create()
    start(cluster)
    url, order = cluster.url("postgres"), []

    def prepare() -> None:
        with databases.alone(url):
            order.append("second")

    with databases.alone(url):
        second = threading.Thread(target=prepare)
        second.start()
        with psycopg.connect(url, autocommit=True) as connection:
            waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            wait_for(lambda: connection.execute(waiting).fetchone() is not None)
        order.append("first")
    second.join(10)
    assert order == ["first", "second"]


def test_it_ends_with_its_starter(cluster: Cluster, script: object) -> None:
    cluster.create()
    source = (
        "from pathlib import Path\nfrom mailtrap_site.embedded.postgres import Cluster\nimport time\n"
        f"c = Cluster(Path({str(cluster.folder)!r}), {cluster.port}, 'pass-word', throw_away=True)\n"
        "p = c.spawn()\nc.wait_until_ready(p)\nprint('server', p.pid)\ntime.sleep(60)\n"
    )
    assert callable(script)
    starter = script(source)
    wait_for(lambda: starter.says("server"))
    pid = int(starter.output.split("server ")[1].split()[0])
    starter.process.kill()
    wait_for(lambda: gone(pid), 5)
