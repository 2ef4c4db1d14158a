"""Migration operations for tables that are partitioned by RANGE of their primary key, with a DEFAULT partition."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex, CreateModel
from django.db.migrations.state import ProjectState


class CreatePartitionedModel(CreateModel):
    """`CreateModel`, plus `PARTITION BY RANGE`. `makemigrations` writes the plain one: change the name by hand."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model: Any = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        plain = schema_editor.sql_create_table
        key = schema_editor.quote_name(model._meta.pk.column)
        schema_editor.sql_create_table = f"{plain} PARTITION BY RANGE ({key})"
        try:
            schema_editor.create_model(model)
        finally:
            schema_editor.sql_create_table = plain
        table = model._meta.db_table
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')


class AddPartitionedIndex(AddIndex):
    """`AddIndex` for a partitioned table that is in use: nobody who writes to it waits while the index is built.

    PostgreSQL refuses CREATE INDEX CONCURRENTLY on the parent, so each partition gets its own, which is then attached.
    For migrations with `atomic = False`; what was cut off half-way is finished by running the migration again.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model: Any = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        if schema_editor.collect_sql or not model._base_manager.exists():
            if schema_editor.collect_sql or not self._is_valid(schema_editor, self.index.name):
                super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        quote, table = schema_editor.quote_name, model._meta.db_table
        plain = str(self.index.create_sql(model, schema_editor))
        head, tail = f"CREATE INDEX {quote(self.index.name)} ON {quote(table)}", quote(self.index.name)
        if not plain.startswith(head):
            raise ValueError(f"cannot build {plain} partition by partition")
        rest = plain.removeprefix(head)
        schema_editor.execute(f"CREATE INDEX IF NOT EXISTS {tail} ON ONLY {quote(table)}{rest}", params=None)
        for partition, is_attached in self._partitions(schema_editor, table):
            if is_attached:
                continue
            own = f"{partition}_{self.index.name}"[-63:]
            if self._is_valid(schema_editor, own) is False:
                schema_editor.execute(f"DROP INDEX CONCURRENTLY {quote(own)}", params=None)
            schema_editor.execute(
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {quote(own)} ON {quote(partition)}{rest}", params=None
            )
            schema_editor.execute(f"ALTER INDEX {tail} ATTACH PARTITION {quote(own)}", params=None)

    def _is_valid(self, schema_editor: BaseDatabaseSchemaEditor, name: str) -> bool | None:
        """None where there is no index of this name."""
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "WHERE c.relname = %s AND pg_table_is_visible(c.oid)",
                [name],
            )
            found = cursor.fetchone()
        return found[0] if found else None

    def _partitions(self, schema_editor: BaseDatabaseSchemaEditor, table: str) -> list[tuple[str, bool]]:
        """Each partition, and whether its part of the index is attached already."""
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.relname, EXISTS (SELECT FROM pg_index i JOIN pg_inherits a ON a.inhrelid = i.indexrelid "
                "WHERE i.indrelid = c.oid AND a.inhparent = %s::regclass) "
                "FROM pg_inherits p JOIN pg_class c ON c.oid = p.inhrelid WHERE p.inhparent = %s::regclass "
                "ORDER BY c.relname",
                [self.index.name, table],
            )
            return cursor.fetchall()
