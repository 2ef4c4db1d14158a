"""Whoever wants no letters about usage may stop them for themselves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_token_limit")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="usage_letters",
            field=models.BooleanField(db_default=True, default=True, verbose_name="letters about usage"),
        )
    ]
