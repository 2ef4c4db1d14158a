"""Streams that are about to be suspended by their rates, or are."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_support_visits'),
        ('domains', '0007_search_by_name'),
        ('sending', '0020_retention_by_stream'),
    ]

    operations = [
        migrations.CreateModel(
            name='StreamSuspension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(choices=[('transactional', 'Transactional'), ('bulk', 'Bulk')], max_length=16, verbose_name='stream')),
                ('kind', models.CharField(choices=[('bounces', 'Many bounces'), ('spam', 'Many spam reports')], max_length=16, verbose_name='for')),
                ('warned_at', models.DateTimeField(verbose_name='warned')),
                ('suspended_at', models.DateTimeField(null=True, verbose_name='suspended')),
                ('pause_id', models.BigIntegerField(null=True)),
                ('part', models.PositiveBigIntegerField()),
                ('whole', models.PositiveBigIntegerField()),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('ended_by', models.CharField(blank=True, choices=[('recovered', 'Recovered'), ('by_staff', 'Released by staff')], max_length=16, verbose_name='ended by')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.account')),
                ('domain', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='domains.sendingdomain')),
            ],
            options={
                'verbose_name': 'suspension of a stream',
                'verbose_name_plural': 'suspensions of streams',
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('domain', 'stream', 'kind'), name='one_open_suspension_a_kind')],
            },
        ),
    ]
