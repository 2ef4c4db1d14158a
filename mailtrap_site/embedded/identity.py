"""Whom PostgreSQL runs as. It refuses root and accounts without a name, so such a user gets a user namespace of its own
(user_namespaces(7)), or, where those are forbidden, an account without rights."""

import ctypes
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWUSER = 0x10000000


@dataclass(frozen=True, slots=True)
class Identity:
    """`uid` and `gid` own the files; `inside` is the id seen within the namespace, None without one."""

    uid: int
    gid: int
    inside: int | None = None

    def enter(self) -> None:
        """Becomes this identity; for the moment between fork and exec."""
        if self.inside is not None:
            _enter_namespace(self.uid, self.gid, self.inside)
        elif self.uid != os.geteuid():
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    @property
    def foreign(self) -> bool:
        """True when the files belong to another account than the one that runs us."""
        return self.uid != os.geteuid()


def choose(probe: Sequence[str], candidates: Iterator[Identity] | None = None) -> Identity | None:
    """The first identity that can run the command `probe`; None when there is none."""
    for identity in candidates if candidates is not None else _candidates():
        try:
            done = subprocess.run(probe, preexec_fn=identity.enter, capture_output=True, cwd="/", check=False)
        except (OSError, subprocess.SubprocessError):
            continue
        if done.returncode == 0:
            return identity
    return None


def unprivileged() -> Iterator[Identity]:
    """What root may become where namespaces are forbidden: the owner of this folder, `postgres`, `nobody`."""
    owner = Path(__file__).stat()
    if owner.st_uid != 0:
        yield Identity(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        yield Identity(account.pw_uid, account.pw_gid)


def _candidates() -> Iterator[Identity]:
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0 and _has_name(uid):
        yield Identity(uid, gid)
    named = next((account.pw_uid for account in pwd.getpwall() if account.pw_uid != 0), None)
    if named is not None and sys.platform.startswith("linux"):
        yield Identity(uid, gid, inside=named)
    if uid == 0:
        yield from unprivileged()


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _enter_namespace(uid: int, gid: int, inside: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inside} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{inside} {gid} 1")
