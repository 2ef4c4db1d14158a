"""Sockets of servers: each connection is an open file to the system."""

import resource


def allow_many() -> None:
    """As many as the system lets this process have: the usual 1,024 are fewer than our connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
