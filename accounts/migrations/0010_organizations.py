"""Accounts that share the plan of an organisation."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_saml'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='monthly_cap',
            field=models.PositiveBigIntegerField(blank=True, editable=False, null=True, verbose_name='cap of emails a month'),
        ),
        migrations.AddField(
            model_name='account',
            name='organization',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sub_accounts', to='accounts.account', verbose_name='organisation'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('organization', None), models.Q(models.Q(('organization', models.F('id')), _negated=True), ('is_platform', False)), _connector='OR'), name='organization_is_another_account'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('monthly_cap', None), ('organization__isnull', False), _connector='OR'), name='cap_of_a_sub_account'),
        ),
    ]
