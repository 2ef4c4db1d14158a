from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sending", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SharedCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind", "key", "process", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("key", models.CharField(max_length=253)),
                ("process", models.UUIDField()),
                ("count", models.IntegerField()),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE sending_sharedcount SET UNLOGGED, SET (fillfactor = 50)",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
