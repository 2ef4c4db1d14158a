"""Secrets of links may be hidden from those who only look."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('sending', '0001_squashed_0023_privacy')]

    operations = [
        migrations.AddField(
            model_name='streamsetting',
            name='hides_links',
            field=models.BooleanField(default=False, verbose_name='hides links with tokens from those who only look'),
        ),
    ]
