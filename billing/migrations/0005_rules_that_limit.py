"""Overrides that a rule wrote."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0004_questions_about_messages'),
    ]

    operations = [
        migrations.AddField(
            model_name='quotaoverride',
            name='rule',
            field=models.CharField(blank=True, db_default='', default='', max_length=40, verbose_name='rule'),
        ),
    ]
