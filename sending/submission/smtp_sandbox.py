"""A login whose mail stays in a sandbox: the user name tells which, the password whose."""

import re

from accounts.authentication import TokenIdentity, authenticate_token
from accounts.scopes import ADMIN, level_on
from sending.submission.sandbox import is_of_account

_USER = re.compile(r"sandbox-([1-9][0-9]{0,17})")


def sandbox_of(username: str) -> int | None:
    """The id that the user name tells, if it is one of these."""
    match = _USER.fullmatch(username)
    return int(match[1]) if match else None


def sender_of(sandbox_id: int | None, password: str, client_ip: str) -> TokenIdentity | None:
    """Whose token it is; for a sandbox None unless it may send there. Blocks on the database."""
    identity = authenticate_token(password, client_ip)
    if identity is None or sandbox_id is None:
        return identity
    if not is_of_account(sandbox_id, identity.account_id):
        return None
    level = level_on(identity.scopes, identity.account_id, "sandbox", sandbox_id)
    return identity if level >= ADMIN else None
