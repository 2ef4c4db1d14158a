from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sending", "0003_queue_control")]

    operations = [
        migrations.CreateModel(
            name="SitePace",
            fields=[
                ("key", models.CharField(max_length=253, primary_key=True, serialize=False)),
                ("connections", models.PositiveSmallIntegerField()),
                ("messages_per_connection", models.PositiveIntegerField()),
                ("per_minute", models.PositiveIntegerField(null=True)),
                ("throttled_until", models.DateTimeField(null=True)),
                ("strikes", models.PositiveSmallIntegerField()),
                ("why", models.CharField(max_length=200)),
                ("learnt_at", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "site's pace", "verbose_name_plural": "sites' paces"},
        ),
    ]
