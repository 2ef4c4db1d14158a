"""Windows in memory that processes share: one count, bounded memory, and no failure that refuses anybody."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from accounts import shared_windows
from accounts.shared_windows import SECOND, SETS, TELL_SECONDS, WAYS, SharedWindows
from mailtrap_site.environment import BASE_DIR

HOUR = 3600

KNOCK = """
import sys
from pathlib import Path
from accounts.shared_windows import SharedWindows
windows = SharedWindows(Path(sys.argv[1]))
windows.take(1, 1, 10)
print("ready", flush=True)
sys.stdin.readline()
print(sum(windows.take(7, 40_000, 3600)[0] >= 0 for _ in range(int(sys.argv[2]))))
"""


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock."""

    def at(moment: float) -> None:
        monkeypatch.setattr(shared_windows, "time", SimpleNamespace(time_ns=lambda: round(moment * SECOND)))

    at(1_800_000_000)
    return at


def test_processes_that_knock_together_get_the_limit_and_not_one_more(tmp_path: Path):
    command = [sys.executable, "-c", KNOCK, str(tmp_path / "windows"), "20000"]
    started = [
        subprocess.Popen(command, cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [one.stdout.readline() for one in started] == ["ready\n"] * 3
    for one in started:
        one.stdin.write("\n")
        one.stdin.flush()
    assert sum(int(one.communicate(timeout=60)[0]) for one in started) == 40_000


def test_what_one_counted_the_other_sees_at_once(tmp_path: Path, at: Callable[[float], None]):
    one, other = SharedWindows(tmp_path / "windows"), SharedWindows(tmp_path / "windows")
    assert [windows.take(7, 3, 10)[0] for windows in (one, other, one, other)] == [2, 1, 0, -1]
    assert one.take(8, 3, 10)[0] == 2


def test_a_window_frees_after_its_seconds_whatever_the_process_of_the_count(
    tmp_path: Path, at: Callable[[float], None]
):
    assert SharedWindows(tmp_path / "windows").take(7, 1, 10)[0] == 0
    later = SharedWindows(tmp_path / "windows")
    at(1_800_000_004)
    left, seconds, _ = later.take(7, 1, 10)
    assert (left, seconds) == (-1, 6)
    at(1_800_000_010)
    assert later.take(7, 1, 10)[0] == 0


def test_memory_is_bounded_and_many_quiet_keys_wash_no_busy_one_away():
    windows = SharedWindows(None)
    busy = [windows.take(1, 150, HOUR)[0] for key in range(20_000) for _ in windows.take(2 + key, 9, HOUR)[:1]]
    assert sum(left >= 0 for left in busy) == 150
    assert 8 * len(windows._words) < 6_000_000


def test_where_the_memory_is_full_the_longest_at_rest_begins_anew(at: Callable[[float], None]):
    windows = SharedWindows(None)
    neighbours = [1 + SETS * number for number in range(WAYS + 1)]
    for moment, key in enumerate(neighbours):
        at(1_800_000_000 + moment)
        assert windows.take(key, 1, HOUR)[0] == 0
    assert [windows.take(key, 1, HOUR)[0] for key in neighbours[1:]] == [-1] * WAYS
    assert windows.take(neighbours[0], 1, HOUR)[0] == 0


@pytest.mark.parametrize("trouble", ["no folder", "disk full"])
def test_without_its_file_a_process_counts_for_itself_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
):
    if trouble == "disk full":
        monkeypatch.setattr(os, "pwrite", lambda *_: 4096)
    windows = SharedWindows(tmp_path / ("away/windows" if trouble == "no folder" else "windows"))
    with capture_logs() as logged:
        assert [windows.take(7, 2, HOUR)[0] for _ in range(3)] == [1, 0, -1]
    assert [line["event"] for line in logged] == ["rate_limits_not_shared"]


def test_of_refusals_it_is_told_once_a_minute_how_many_there_were(tmp_path: Path, at: Callable[[float], None]):
    one, other = SharedWindows(tmp_path / "windows"), SharedWindows(tmp_path / "windows")
    told = [windows.take(7, 1, HOUR)[2] for windows in (one, one, other, one)]
    assert told == [0, 1, 0, 0]
    at(1_800_000_000 + TELL_SECONDS)
    assert other.take(7, 1, HOUR)[2] == 3
