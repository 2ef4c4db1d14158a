"""The desk finds a domain by its name, in whichever account."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('domains', '0006_readers_pages'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='sendingdomain',
            index=models.Index(fields=['name'], name='domain_by_name'),
        ),
    ]
