"""The migration operation that partitions a model's table by RANGE of its primary key, with a DEFAULT partition."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
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
