"""Files that are there whole or not at all, with their rights from the first byte."""

import os
from pathlib import Path


def write(file: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Replaces `file`; who reads it meanwhile sees the old content or the new."""
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    data = content.encode() if isinstance(content, str) else content
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(data)
    fresh.replace(file)
