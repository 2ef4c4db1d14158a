"""Asks PyPI which of the pinned packages have known vulnerabilities; the last step of `make lint`.

It fails on one that a release mends. Where PyPI's data cannot be reached it says so in one line and stops nothing.
Use: .venv/bin/python mailtrap_site/embedded/audit.py requirements.txt requirements-saml.txt requirements-dev.txt
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SECONDS = 60
"""For all packages together; 5 for one answer."""
EXCEPTIONS: Mapping[str, str] = {}
"""Ids of vulnerabilities that do not concern us, each with the reason."""


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """`fixes` are the releases that mend it; empty while there is none."""

    package: str
    version: str
    id: str
    fixes: tuple[str, ...]

    def __str__(self) -> str:
        cure = f"mended in {', '.join(self.fixes)}" if self.fixes else "no release mends it yet"
        return f"{self.package} {self.version}: {self.id}, {cure}"


def main(*requirements: str) -> None:
    """Ends the process with a sentence where a package has to be replaced."""
    dependencies, problem = _report(requirements)
    asked = [one for one in dependencies if "skip_reason" not in one]
    if not asked:
        print(f"Known vulnerabilities were not looked up: {problem or 'PyPI says nothing about any of them.'}")
        return
    if len(asked) < len(dependencies):
        print(f"Known vulnerabilities: PyPI says nothing about {len(dependencies) - len(asked)} packages.")
    found = list(concerning(vulnerabilities(asked), EXCEPTIONS))
    print(*found, sep="\n" if found else "", end="\n" if found else "")
    if any(one.fixes for one in found):
        sys.exit("Raise these versions, or say in mailtrap_site/embedded/audit.py why they do not concern us.")


def vulnerabilities(dependencies: Iterable[Mapping[str, Any]]) -> Iterator[Vulnerability]:
    """Those of pip-audit's report."""
    for one in dependencies:
        for known in one.get("vulns", ()):
            yield Vulnerability(one["name"], one["version"], known["id"], tuple(known["fix_versions"]))


def concerning(found: Iterable[Vulnerability], exceptions: Mapping[str, str]) -> Iterator[Vulnerability]:
    """Without those that somebody gave a reason for."""
    return (one for one in found if one.id not in exceptions)


def _report(requirements: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """What pip-audit says of each package; nothing where nobody answers, or not in time, and then why."""
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip"]
    # Each file by its name: pip-audit does not follow what one includes.
    command += [f"--requirement={one}" for one in requirements]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "5"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return [], f"nobody answered within {SECONDS} seconds."
    try:
        return json.loads(done.stdout)["dependencies"], ""
    except ValueError:
        return [], (done.stderr.strip().splitlines() or ["pip-audit said nothing."])[-1][:300]


if __name__ == "__main__":
    main(*sys.argv[1:])
