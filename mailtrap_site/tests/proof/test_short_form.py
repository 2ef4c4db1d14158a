"""The short form of `manage.py prove`, as part of the suite; `make prove` runs the full one."""

import subprocess
import sys

import pytest

from mailtrap_site.environment import BASE_DIR
from mailtrap_site.proof.context import Form
from mailtrap_site.proof.prove import env_names_a_database, names

pytestmark = [pytest.mark.xdist_group("proof"), pytest.mark.timeout(400)]


def prove(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", "prove", *options]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, timeout=380, check=False)


@pytest.mark.skipif(env_names_a_database(), reason=".env names a DATABASE_URL, and a proof must not write into it")
def test_nothing_accepted_is_lost_whatever_is_killed():
    done = prove("--form", "short")
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    count = len(names(Form.SHORT))
    assert f"{count} of {count} scenarios kept every promise." in done.stdout


def test_a_scenario_that_does_not_exist_is_no_proof():
    done = prove("--only", "no such thing")
    assert done.returncode == 1
    assert "No scenario" in done.stderr
