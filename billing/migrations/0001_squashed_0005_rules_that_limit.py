"""All tables of this app at once: what the migrations that it replaces arrive at step by step."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('billing', '0001_initial'), ('billing', '0002_given_back'), ('billing', '0003_plans'), ('billing', '0004_questions_about_messages'), ('billing', '0005_rules_that_limit')]

    initial = True

    dependencies = [
        ('accounts', '0008_privacy'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='StripeEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=255, unique=True, verbose_name='id')),
                ('type', models.CharField(max_length=100, verbose_name='type')),
                ('customer_id', models.CharField(blank=True, db_index=True, max_length=255, verbose_name='customer')),
                ('payload', models.JSONField(verbose_name='event')),
                ('created_at', models.DateTimeField(verbose_name='happened')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('applied_at', models.DateTimeField(null=True, verbose_name='applied')),
                ('retry_at', models.DateTimeField(null=True, verbose_name='next try')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='tries')),
                ('problem', models.CharField(blank=True, max_length=500, verbose_name='problem')),
            ],
            options={
                'verbose_name': 'Stripe event',
                'verbose_name_plural': 'Stripe events',
                'indexes': [models.Index(condition=models.Q(('applied_at', None)), fields=['retry_at'], name='stripe_event_due')],
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('plan_code', models.CharField(max_length=40, verbose_name='plan')),
                ('plan_generation', models.PositiveSmallIntegerField(verbose_name='generation')),
                ('anchor', models.DateTimeField(verbose_name='periods counted from')),
                ('next_plan_code', models.CharField(blank=True, max_length=40, verbose_name='next plan')),
                ('next_plan_generation', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('changes_at', models.DateTimeField(blank=True, null=True, verbose_name='changes')),
                ('grace_until', models.DateTimeField(blank=True, null=True, verbose_name='grace until')),
                ('overage_cap', models.PositiveBigIntegerField(default=0, verbose_name='emails above the limit')),
                ('stripe_customer_id', models.CharField(blank=True, db_index=True, max_length=255)),
                ('stripe_subscription_id', models.CharField(blank=True, max_length=255)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='subscription', to='accounts.account')),
            ],
            options={
                'verbose_name': 'subscription',
                'verbose_name_plural': 'subscriptions',
            },
        ),
        migrations.CreateModel(
            name='UsagePeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('used', models.PositiveBigIntegerField(default=0)),
                ('given_back', models.PositiveBigIntegerField(db_default=0)),
                ('message_limit', models.PositiveBigIntegerField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='usage_periods', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'starts_at'), name='one_meter_a_period')],
            },
        ),
        migrations.CreateModel(
            name='UsageDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('domain', models.CharField(max_length=253)),
                ('stream', models.CharField(max_length=16)),
                ('token_id', models.BigIntegerField(default=0)),
                ('used', models.PositiveBigIntegerField(default=0)),
                ('given_back', models.PositiveBigIntegerField(default=0)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='usage_days', to='accounts.account')),
                ('period', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='days', to='billing.usageperiod')),
            ],
            options={
                'indexes': [models.Index(fields=['period', 'token_id'], name='usage_day_of_token')],
                'constraints': [models.UniqueConstraint(fields=('account', 'day', 'period', 'domain', 'stream', 'token_id'), name='one_count_a_day_and_sender')],
            },
        ),
        migrations.CreateModel(
            name='HourBooking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('booked', models.PositiveBigIntegerField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hour_bookings', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'hour'), name='one_booking_an_hour')],
            },
        ),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=255, unique=True)),
                ('number', models.CharField(blank=True, max_length=255, verbose_name='number')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('open', 'Open'), ('paid', 'Paid'), ('void', 'Cancelled'), ('uncollectible', 'Given up')], max_length=16, verbose_name='status')),
                ('currency', models.CharField(default='usd', max_length=3, verbose_name='currency')),
                ('total_cents', models.BigIntegerField(verbose_name='total in cents')),
                ('tax_cents', models.BigIntegerField(default=0, verbose_name='tax in cents')),
                ('paid_cents', models.BigIntegerField(default=0, verbose_name='paid in cents')),
                ('refunded_cents', models.BigIntegerField(default=0, verbose_name='refunded in cents')),
                ('disputed_cents', models.BigIntegerField(default=0, verbose_name='disputed in cents')),
                ('period_starts_at', models.DateTimeField(verbose_name='from')),
                ('period_ends_at', models.DateTimeField(verbose_name='to')),
                ('issued_at', models.DateTimeField(verbose_name='issued')),
                ('hosted_url', models.URLField(blank=True, max_length=2000)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invoices', to='accounts.account')),
            ],
            options={
                'verbose_name': 'invoice',
                'verbose_name_plural': 'invoices',
                'indexes': [models.Index(fields=['account', '-issued_at'], name='invoice_by_account')],
            },
        ),
        migrations.CreateModel(
            name='OverageReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period_starts_at', models.DateTimeField()),
                ('begins_after', models.PositiveBigIntegerField()),
                ('emails', models.PositiveBigIntegerField()),
                ('units', models.PositiveBigIntegerField()),
                ('customer_id', models.CharField(max_length=255)),
                ('identifier', models.CharField(max_length=100, unique=True)),
                ('happened_at', models.DateTimeField()),
                ('told_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overage_reports', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'period_starts_at', 'begins_after'), name='overage_told_once')],
            },
        ),
        migrations.CreateModel(
            name='QuotaOverride',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('term', models.CharField(choices=[('emails_per_month', 'Emails a month'), ('emails_per_day', 'Emails a day'), ('emails_per_hour', 'Emails an hour'), ('users', 'Users'), ('domains', 'Domains'), ('log_days', 'Days of logs')], max_length=32, verbose_name='term')),
                ('value', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='value')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('rule', models.CharField(blank=True, db_default='', default='', max_length=40, verbose_name='rule')),
                ('starts_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='starts')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='ends')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quota_overrides', to='accounts.account')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'override',
                'verbose_name_plural': 'overrides',
                'indexes': [models.Index(fields=['account', 'term', '-id'], name='override_by_account')],
            },
        ),
        migrations.CreateModel(
            name='SupportRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('message_size', 'Larger messages'), ('plan', 'Another plan'), ('message', 'A question about an email')], max_length=16, verbose_name='kind')),
                ('plan_code', models.CharField(blank=True, max_length=40, verbose_name='plan')),
                ('message_bytes', models.PositiveIntegerField(blank=True, null=True, verbose_name='message size in bytes')),
                ('message_id', models.UUIDField(blank=True, null=True, verbose_name='email')),
                ('reason', models.CharField(max_length=1000, verbose_name='reason')),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked')),
                ('state', models.CharField(choices=[('open', 'Open'), ('granted', 'Granted'), ('declined', 'Declined'), ('answered', 'Answered')], default='open', max_length=16, verbose_name='state')),
                ('answer', models.CharField(blank=True, max_length=1000, verbose_name='answer')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='support_requests', to='accounts.account')),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'request',
                'verbose_name_plural': 'requests',
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['asked_at'], name='request_open'), models.Index(fields=['account', 'kind', '-id'], name='request_by_account')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('account', 'kind', 'message_id'), name='one_open_request_of_a_kind', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='UsageAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period_starts_at', models.DateTimeField()),
                ('of', models.CharField(choices=[('limit', 'Limit'), ('overage', 'Overage')], max_length=8)),
                ('threshold', models.PositiveSmallIntegerField()),
                ('limit', models.PositiveBigIntegerField()),
                ('used', models.PositiveBigIntegerField()),
                ('recorded_at', models.DateTimeField()),
                ('told_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='usage_alerts', to='accounts.account')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('told_at', None)), fields=['recorded_at'], name='alert_untold')],
                'constraints': [models.UniqueConstraint(fields=('account', 'period_starts_at', 'of', 'limit', 'threshold'), name='one_alert_a_threshold')],
            },
        ),
    ]
