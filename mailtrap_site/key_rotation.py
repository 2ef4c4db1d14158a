"""Seals what is stored sealed anew, so that older sealing keys can be taken out of the settings.

While it runs both keys must be set, the new one first. It may be stopped and run again, beside a site that is in use.
"""

from collections.abc import Iterator

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import connection, models, transaction
from psycopg import sql

from mailtrap_site.sealed import SealedTextField, reseal, seal

MFA_SECRETS = ("secret", "seed")


def rotate() -> dict[str, int]:
    """How many secrets were sealed anew, by `app.model.field`. Raises InvalidToken for one that no key opens."""
    done = {f"{model._meta.label_lower}.{field.name}": _column(model, field) for model, field in sealed_fields()}
    return done | {"mfa.authenticator": _second_factors()}


def sealed_fields() -> Iterator[tuple[type[models.Model], models.Field]]:
    """Every sealed column of the site."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, SealedTextField):
                yield model, field


def _column(model: type[models.Model], field: models.Field) -> int:
    """Each row by its old value: who changes the secret meanwhile has sealed it with the new key anyway."""
    names = {
        "table": sql.Identifier(model._meta.db_table),
        "column": sql.Identifier(field.column or ""),
        "key": sql.Identifier(model._meta.pk.column or ""),
    }
    read = sql.SQL("SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {key}").format(**names)
    write = sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s").format(**names)
    count = 0
    with connection.cursor() as cursor:
        cursor.execute(read)
        for key, old in cursor.fetchall():
            cursor.execute(write, [reseal(old), key, old])
            count += cursor.rowcount
    return count


def _second_factors() -> int:
    count = 0
    for key in Authenticator.objects.values_list("pk", flat=True).order_by("pk"):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().get(pk=key)
            found = [name for name in MFA_SECRETS if isinstance(row.data.get(name), str)]
            for name in found:
                row.data[name] = _anew(row.data[name])
            if found:
                row.save(update_fields=["data"])
        count += len(found)
    return count


def _anew(stored: str) -> str:
    """Those of before secrets were sealed are sealed now."""
    try:
        return reseal(stored)
    except InvalidToken:
        if stored.startswith("gAAAA"):
            raise
        return seal(stored)
