"""The supervisor, on small programs of the test's own."""

import os
import signal
import time
from collections.abc import Callable

from mailtrap_site.embedded import processes
from mailtrap_site.tests.embedded.conftest import Script, gone, wait_for

Start = Callable[..., Script]

HEAD = """
import sys, time
from pathlib import Path
from mailtrap_site.embedded.console import Console
from mailtrap_site.embedded.supervisor import Program, StopRequested, Supervisor

HERE = Path.cwd()
def program(name, source, **more):
    return Program(name, (sys.executable, "-u", "-c", source), HERE, **more)

supervisor = Supervisor(Console(HERE / "log" / "up.log"), stop_seconds=1.0)
supervisor.listen_to_signals()
def run():
    try:
        supervisor.watch()
    except StopRequested:
        begun = time.monotonic()
        supervisor.stop()
        print(f"stopped after {time.monotonic() - begun:.1f}")
"""
STUBBORN = (
    "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('pids', os.getpid(), inner.pid); time.sleep(60)"
)


def pids_in(script: Script) -> list[int]:
    return [
        int(word) for line in script.output.splitlines() if "pids" in line for word in line.split("pids")[1].split()
    ]


def test_a_program_that_ends_starts_again_later_and_later(script: Start) -> None:
    running = script(HEAD + "supervisor.add(program('short', 'print(\"born\")'))\nrun()")
    wait_for(lambda: running.output.count("born") == 3)
    assert "short ended with exit code 0; it starts again in 0.5 s." in running.output
    assert "it starts again in 1 s." in running.output
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(5) == 0


def test_a_killed_program_starts_again_and_the_end_is_named(script: Start) -> None:
    running = script(HEAD + f"supervisor.add(program('busy', {STUBBORN!r}))\nrun()")
    wait_for(lambda: len(pids_in(running)) == 2)
    first, inner = pids_in(running)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: len(pids_in(running)) == 4)
    assert "busy was ended by SIGKILL" in running.output
    assert gone(inner), "what the killed program had started is ended with it"


def test_stop_is_over_in_time_and_leaves_nothing(script: Start) -> None:
    running = script(
        HEAD + f"supervisor.add(program('one', {STUBBORN!r}))\nsupervisor.add(program('two', {STUBBORN!r}))\nrun()"
    )
    wait_for(lambda: len(pids_in(running)) == 4)
    pids = pids_in(running)
    begun = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(5) == 0
    assert time.monotonic() - begun < 2.5
    assert all(gone(pid) for pid in pids)


def test_a_killed_supervisor_leaves_no_program(script: Start) -> None:
    running = script(HEAD + f"supervisor.add(program('one', {STUBBORN!r}))\nrun()")
    wait_for(lambda: len(pids_in(running)) == 2)
    running.process.kill()
    running.process.wait()
    wait_for(lambda: gone(pids_in(running)[0]), 5)
    processes.signal_group(pids_in(running)[0], signal.SIGKILL)


def test_a_grandchild_that_follows_its_parent_ends_with_a_killed_supervisor(script: Start) -> None:
    inner = (
        "from mailtrap_site.embedded.follow_parent import end_with_parent; end_with_parent();"
        "import os, time; print('pids', os.getpid()); time.sleep(60)"
    )
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-u', '-c', {inner!r}])"
    running = script(HEAD + f"supervisor.add(program('outer', {outer!r}))\nrun()", MAIL_SUPERVISED="2")
    wait_for(lambda: len(pids_in(running)) == 1)
    running.process.kill()
    running.process.wait()
    wait_for(lambda: gone(pids_in(running)[0]), 5)


def test_readiness_is_asked_for_until_it_is_there(script: Start) -> None:
    touch = "import time; from pathlib import Path; time.sleep(0.4); Path('ready').touch(); time.sleep(60)"
    running = script(
        HEAD
        + "Path('ready').touch()\n"
        + f"supervisor.add(program('slow', {touch!r}, ready_file=HERE / 'ready'))\n"
        + "supervisor.add(program('never', 'import time; time.sleep(60)', ready=lambda pid: False))\n"
        + "print('late', supervisor.wait_until_ready(['slow', 'never'], 1.5), supervisor.ready_after('slow') > 0.3)\n"
        + "supervisor.stop()"
    )
    assert running.process.wait(10) == 0
    assert "late ['never'] True" in running.output


def test_a_program_that_is_run_once_gives_its_exit_code_and_its_words(script: Start) -> None:
    running = script(HEAD + "print('code', supervisor.run(program('step', 'print(\"words\"); raise SystemExit(3)')))")
    assert running.process.wait(10) == 0
    assert "step       | words" in running.output
    assert running.output.index("words") < running.output.index("code 3")


def test_the_last_program_is_stopped_after_the_others(script: Start) -> None:
    say = "import signal, sys, time; {}; print('up'); time.sleep(60)"
    others = say.format("signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), print('other down'), sys.exit()))")
    last = say.format("signal.signal(signal.SIGINT, lambda *_: (print('last down'), sys.exit()))")
    running = script(
        HEAD
        + f"supervisor.add(program('last', {last!r}, last=True))\nsupervisor.add(program('other', {others!r}))\nrun()"
    )
    wait_for(lambda: running.output.count("| up") == 2)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(5) == 0
    assert running.output.index("other down") < running.output.index("last down")


def test_lines_reach_the_log_file_and_hidden_ones_only_that(script: Start) -> None:
    talk = "print('LOG: chatter'); print('news'); import time; time.sleep(60)"
    running = script(HEAD + f"supervisor.add(program('talker', {talk!r}, hidden=('LOG:',)))\nrun()")
    wait_for(lambda: running.says("talker     | news"))
    running.process.send_signal(signal.SIGINT)
    running.process.wait(5)
    log = (running.folder / "log" / "up.log").read_text()
    assert "talker     | LOG: chatter" in log
    assert "chatter" not in running.output
