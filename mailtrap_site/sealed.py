"""A text field encrypted at rest (Fernet); the first of SEALING_KEY encrypts, all of them decrypt."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=1)
def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENVIRONMENT.sealing_keys])


def seal(text: str) -> str:
    """`text`, encrypted with the newest key."""
    return _box().encrypt(text.encode()).decode()


def unseal(token: str) -> str:
    """What `seal` was given. Raises `cryptography.fernet.InvalidToken` when no key fits."""
    return _box().decrypt(token.encode()).decode()


def reseal(token: str) -> str:
    """The same secret, sealed with the newest key. Raises `cryptography.fernet.InvalidToken` when no key fits."""
    return _box().rotate(token.encode()).decode()


class SealedTextField(models.TextField):
    """Reads and writes plain text; the column holds the sealed form."""

    def get_prep_value(self, value: Any) -> Any:
        plain = super().get_prep_value(value)
        return None if plain is None else seal(plain)

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return None if value is None else unseal(value)
