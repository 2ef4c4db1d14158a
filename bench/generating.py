"""A load generator is a process of its own, so that its work is neither the server's nor the reader's of the figures.

It reads a plan as a line of JSON, prepares itself, says `ready`, begins at the next line, prints its result as JSON.
"""

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any

from bench.instance import BASE_DIR


class Generator:
    """The caller's end. `plan` is a dataclass; `module` has a main program that uses the functions below."""

    def __init__(self, module: str, plan: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._say(json.dumps(asdict(plan)))
        if (answer := self._hear()) != "ready":
            raise SystemExit(f"The generator could not begin: {answer}")

    def go(self) -> None:
        """Begins; returns at once."""
        self._say("go")

    def result(self) -> dict[str, Any]:
        """Waits for the end. Ends the program where something was refused."""
        answer: dict[str, Any] = json.loads(self._hear() or '{"refused": "the generator failed"}')
        self._process.wait()
        if "refused" in answer:
            raise SystemExit(f"Refused: {answer['refused']}. The figures would mean nothing.")
        return answer

    def stop(self) -> None:
        """Ends it, whatever it does."""
        self._process.kill()
        self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def read_plan() -> dict[str, Any]:
    """The generator's end: the fields of the plan."""
    plan: dict[str, Any] = json.loads(sys.stdin.readline())
    return plan


def wait_for_go() -> None:
    """To be called when all is prepared."""
    print("ready", flush=True)
    sys.stdin.readline()


def tell(result: dict[str, Any]) -> None:
    """The result; `refused` as a sentence makes the round void."""
    print(json.dumps(result), flush=True)
