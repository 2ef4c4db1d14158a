"""Links in mail: secrets that may be hidden from those who only look, and what deserves a look."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_squashed_0008_privacy'),
        ('domains', '0001_squashed_0007_search_by_name'),
        ('sending', '0001_squashed_0023_privacy'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='streamsetting',
            name='hides_links',
            field=models.BooleanField(default=False, verbose_name='hides links with tokens from those who only look'),
        ),
        migrations.CreateModel(
            name='LinkReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.UUIDField(default=uuid.UUID('00000000-0000-0000-0000-000000000000'))),
            ],
        ),
        migrations.AlterField(
            model_name='streamsuspension',
            name='kind',
            field=models.CharField(choices=[('bounces', 'Many bounces'), ('spam', 'Many spam reports'), ('links', 'Suspicious links')], max_length=16, verbose_name='for'),
        ),
        migrations.CreateModel(
            name='SuspiciousLinks',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(choices=[('transactional', 'Transactional'), ('bulk', 'Bulk')], max_length=16, verbose_name='stream')),
                ('fingerprint', models.CharField(max_length=64)),
                ('score', models.PositiveIntegerField(verbose_name='score')),
                ('findings', models.JSONField(default=list)),
                ('mails', models.PositiveIntegerField(default=1, verbose_name='mails')),
                ('found_at', models.DateTimeField(verbose_name='found')),
                ('last_found_at', models.DateTimeField(verbose_name='last found')),
                ('state', models.CharField(choices=[('open', 'Waits for a look'), ('dismissed', 'Dismissed'), ('confirmed', 'Confirmed')], default='open', max_length=16, verbose_name='state')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.account')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('domain', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='domains.sendingdomain')),
                ('message', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sending.message')),
            ],
            options={
                'verbose_name': 'suspicious links',
                'verbose_name_plural': 'suspicious links',
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['found_at'], name='suspicious_links_open'), models.Index(fields=['message'], name='suspicious_links_by_message'), models.Index(fields=['account', 'last_found_at'], name='suspicious_links_by_account')],
                'constraints': [models.UniqueConstraint(fields=('domain', 'stream', 'fingerprint'), name='same_links_once')],
            },
        ),
    ]
