import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sending", "0019_indexes_of_the_log"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="streamsetting",
            name="body_days",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="days that bodies are kept"),
        ),
        migrations.AddField(
            model_name="streamsetting",
            name="keeps_subject",
            field=models.BooleanField(default=True, verbose_name="keeps subjects"),
        ),
        migrations.AddConstraint(
            model_name="streamsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("keeps_subject", True), ("body_days", 0), _connector="OR"),
                name="no_body_without_its_subject",
            ),
        ),
        # An API token that asks for a file is no user.
        migrations.AlterField(
            model_name="logexport",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
