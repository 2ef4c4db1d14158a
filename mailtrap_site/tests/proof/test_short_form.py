"""The short form of `manage.py prove`, as part of the suite; `make prove` runs the full one."""

import subprocess
import sys

import pytest

from mailtrap_site.environment import BASE_DIR
from mailtrap_site.proof.context import Form
from mailtrap_site.proof.prove import env_names_a_database, names

pytestmark = [pytest.mark.xdist_group("proof"), pytest.mark.timeout(400)]


@pytest.mark.skipif(env_names_a_database(), reason=".env names a DATABASE_URL, and a proof must not write into it")
def test_nothing_accepted_is_lost_whatever_is_killed():
    done = subprocess.run(
        [sys.executable, "manage.py", "prove", "--form", "short"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    count = len(names(Form.SHORT))
    assert f"{count} of {count} scenarios kept every promise." in done.stdout


def test_a_scenario_that_does_not_exist_is_no_proof():
    done = subprocess.run(
        [sys.executable, "manage.py", "prove", "--only", "no such thing"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "No scenario" in done.stderr
