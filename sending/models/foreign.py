"""Foreign keys of growing tables: no constraint in the database, because one would forbid dropping a partition."""

from typing import Any

from django.db import models


def reference(to: str, **options: Any) -> Any:
    """A foreign key that the database does not know of; rows may outlive what they point to."""
    return models.ForeignKey(
        to, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", **options
    )
