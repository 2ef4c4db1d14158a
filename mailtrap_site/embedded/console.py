"""What a person sees: progress, and the lines that the programs write, with their names before them. Everything but
passwords also goes to one log file."""

import logging
import logging.handlers
import os
import sys
from pathlib import Path
from typing import TextIO

NAME_WIDTH = 10
_COLOURS = {
    "web": "36",
    "smtpd": "32",
    "mx": "33",
    "dns": "35",
    "deliveries": "34",
    "upkeep": "94",
    "beat": "96",
    "postgres": "90",
}


class Console:
    """Writes to `stream` and to `log_file`, which is turned over at 10 MB, five times."""

    def __init__(self, log_file: Path, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._colour = self._stream.isatty() and "NO_COLOR" not in os.environ
        log_file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(log_file, maxBytes=10_000_000, backupCount=5, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        self._file = logging.Logger("up")
        self._file.addHandler(handler)

    def say(self, sentence: str) -> None:
        """A line of the supervisor itself."""
        self._file.info("%s", sentence)
        self._write(sentence)

    def show(self, text: str) -> None:
        """Only for the screen: it may hold a password."""
        self._write(text)

    def relay(self, name: str, line: str, *, hidden: bool = False) -> None:
        """A line that the process `name` wrote; `hidden` keeps it off the screen."""
        self._file.info("%-*s | %s", NAME_WIDTH, name, line)
        if not hidden:
            self._write(f"{self._paint(_COLOURS.get(name, '37'), f'{name:<{NAME_WIDTH}} |')} {line}")

    def strong(self, text: str) -> str:
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        return self._paint("2", text)

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text

    def _write(self, text: str) -> None:
        try:
            print(text, file=self._stream, flush=True)
        except (OSError, ValueError):
            # The terminal or the reader of a pipe has gone; the service goes on, and the file has the line.
            self._colour = False
