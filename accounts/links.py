"""The signed links of letters: each is for one person, leads to one page of ours, and signs nobody in."""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User

VALID_FOR = timedelta(days=30)
_SALT = "accounts.links"


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a link is for, and the path it leads to ("/a/1/usage/")."""

    user_id: int
    path: str


class BadLink(Exception):
    """Nothing that we signed."""


class LinkEnded(Exception):
    """It was ours, and is older than `VALID_FOR`."""


def link_path(user: User, path: str) -> str:
    """The path of a link for `user` that leads to `path`. Raises ValueError where that is not a page of ours."""
    if not is_ours(path):
        raise ValueError("a link leads to a path of this site")
    return reverse("accounts:link", args=[signing.dumps([user.pk, path], salt=_SALT)])


def read_link(token: str) -> Link:
    """What was signed. Raises BadLink or LinkEnded."""
    try:
        user_id, path = signing.loads(token, salt=_SALT, max_age=VALID_FOR)
    except signing.SignatureExpired as problem:
        raise LinkEnded from problem
    except signing.BadSignature as problem:
        raise BadLink from problem
    if not is_ours(path):
        raise BadLink
    return Link(user_id, path)


def is_ours(path: str) -> bool:
    """Whether it is a path of this site, and of no other."""
    return path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
