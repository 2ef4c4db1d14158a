"""A request to a webhook as a command for a shell, so that its server can be asked again from a desk. Pure."""

import shlex
from urllib.parse import urlsplit

_OWN = frozenset({"host", "content-length", "connection", "accept-encoding", "authorization"})
"""Headers that curl writes itself, or that hold a password."""


def as_curl(url: str, head: str, body: str) -> str:
    """One command of curl for POSIX shells: the headers of `head`, whose first line is the request's, and the body."""
    parts = urlsplit(url)
    # The userinfo holds a password; curl asks for one where the command is given `--user`.
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    words = ["curl", "--request", "POST", shlex.quote(plain)]
    for line in head.splitlines()[1:]:
        name, colon, _ = line.partition(":")
        if colon and name.strip().lower() not in _OWN:
            words += ["--header", shlex.quote(line.strip())]
    return " ".join([*words, "--data-binary", shlex.quote(body)])
