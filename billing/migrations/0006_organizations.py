"""Meters that count what sub-accounts send."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_organizations'),
        ('billing', '0001_squashed_0005_rules_that_limit'),
    ]

    operations = [
        migrations.AddField(
            model_name='usageperiod',
            name='of_deleted',
            field=models.PositiveBigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name='usageperiod',
            name='organization',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.account'),
        ),
        migrations.AlterField(
            model_name='quotaoverride',
            name='term',
            field=models.CharField(choices=[('emails_per_month', 'Emails a month'), ('emails_per_day', 'Emails a day'), ('emails_per_hour', 'Emails an hour'), ('users', 'Users'), ('domains', 'Domains'), ('log_days', 'Days of logs'), ('sub_accounts', 'Sub-accounts')], max_length=32, verbose_name='term'),
        ),
        migrations.AddIndex(
            model_name='usageperiod',
            index=models.Index(condition=models.Q(('organization__isnull', False)), fields=['organization', 'starts_at'], name='meter_of_sub_accounts'),
        ),
    ]
