"""Visits of support, the pass that lets it read content, and what the desk searches by."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_bans'),
    ]

    operations = [
        migrations.CreateModel(
            name='SupportVisit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='started')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
            ],
            options={
                'verbose_name': 'support visit',
                'verbose_name_plural': 'support visits',
            },
        ),
        migrations.AddField(
            model_name='account',
            name='support_reads_until',
            field=models.DateTimeField(blank=True, null=True, verbose_name='support reads content until'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), 'text_pattern_ops'), name='account_by_name'),
        ),
        migrations.AddIndex(
            model_name='apitoken',
            index=models.Index(fields=['first_digits'], name='token_by_first_digits'),
        ),
        migrations.AddIndex(
            model_name='apitoken',
            index=models.Index(fields=['last_digits'], name='token_by_last_digits'),
        ),
        migrations.AddField(
            model_name='supportvisit',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='support_visits', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='supportvisit',
            name='staff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='supportvisit',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['ends_at'], name='visit_open'),
        ),
        migrations.AddConstraint(
            model_name='supportvisit',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('staff',), name='one_open_visit_a_member_of_staff'),
        ),
    ]
