from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="usageperiod",
            name="given_back",
            field=models.PositiveBigIntegerField(db_default=0),
        ),
    ]
