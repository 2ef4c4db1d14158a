"""All tables of this app at once: what the migrations that it replaces arrive at step by step."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import mailtrap_site.sealed
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('domains', '0001_initial'), ('domains', '0002_auto_bcc'), ('domains', '0003_domains_that_stay_healthy'), ('domains', '0004_compliance'), ('domains', '0005_demo_domains_and_own_links'), ('domains', '0006_readers_pages'), ('domains', '0007_search_by_name')]

    initial = True

    dependencies = [
        ('accounts', '0008_privacy'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='CompanyInfo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('info_level', models.CharField(choices=[('business', 'Business'), ('individual', 'Individual')], default='business', max_length=16, verbose_name='sends as')),
                ('level_switched', models.BooleanField(default=False, editable=False)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('address', models.CharField(max_length=300, verbose_name='address')),
                ('city', models.CharField(max_length=120, verbose_name='city')),
                ('country', models.CharField(max_length=120, verbose_name='country')),
                ('zip_code', models.CharField(max_length=32, verbose_name='postal code')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('website_url', models.URLField(max_length=300, verbose_name='website')),
                ('privacy_policy_url', models.URLField(blank=True, max_length=300, verbose_name='privacy policy')),
                ('terms_of_service_url', models.URLField(blank=True, max_length=300, verbose_name='terms of service')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='company_info', to='accounts.account')),
            ],
            options={
                'verbose_name': 'sender information',
                'verbose_name_plural': 'sender information',
            },
        ),
        migrations.CreateModel(
            name='SendingDomain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=253, verbose_name='name')),
                ('verification_label', models.CharField(editable=False, max_length=63)),
                ('compliance_status', models.CharField(choices=[('demo', 'Demo'), ('demo_exhausted', 'Demo used up'), ('unverified_dns', 'DNS not verified'), ('missing_company_info', 'Sender information missing'), ('under_review', 'Under review'), ('awaiting_questionnaire', 'Waiting for your answers'), ('awaiting_card_verification', 'Waiting for a card check'), ('non_compliant', 'Not compliant'), ('compliant', 'Verified'), ('suspended', 'Suspended')], default='unverified_dns', max_length=32, verbose_name='status')),
                ('dns_verified_at', models.DateTimeField(editable=False, null=True, verbose_name='DNS verified')),
                ('checked_at', models.DateTimeField(editable=False, null=True, verbose_name='last checked')),
                ('next_check_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='next check')),
                ('open_tracking_enabled', models.BooleanField(default=True)),
                ('click_tracking_enabled', models.BooleanField(default=False)),
                ('tracking_opt_out_enabled', models.BooleanField(default=False)),
                ('auto_unsubscribe_link_enabled', models.BooleanField(default=False)),
                ('auto_bcc', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=320), blank=True, default=list, size=None)),
                ('auto_bcc_header', models.CharField(blank=True, max_length=200)),
                ('custom_domain_tracking_enabled', models.BooleanField(default=False)),
                ('recipient_ips', models.CharField(choices=[('full', 'The whole address'), ('truncated', 'The network alone (/24, of IPv6 /48)'), ('none', 'Nothing')], default='full', max_length=16, verbose_name="readers' IP addresses")),
                ('brand_name', models.CharField(blank=True, max_length=80, verbose_name='name for readers')),
                ('brand_colour', models.CharField(blank=True, max_length=7, verbose_name='colour')),
                ('brand_url', models.CharField(blank=True, max_length=200, verbose_name='link back')),
                ('require_tls', models.BooleanField(default=False)),
                ('suspended_streams', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), blank=True, default=list, size=None)),
                ('health_alerts_enabled', models.BooleanField(default=True)),
                ('critical_alerts_enabled', models.BooleanField(default=True)),
                ('alert_recipient', models.EmailField(blank=True, max_length=254)),
                ('is_demo', models.BooleanField(default=False, editable=False)),
                ('demo_emails_left', models.PositiveIntegerField(editable=False, null=True)),
                ('key_mode', models.CharField(choices=[('delegated', 'CNAME records; we hold the keys and replace them'), ('direct', 'TXT records; you publish each key yourself')], default='delegated', max_length=16)),
                ('ed25519_enabled', models.BooleanField(default=False)),
                ('approved_at', models.DateTimeField(editable=False, null=True, verbose_name='approved')),
                ('suspended_at', models.DateTimeField(editable=False, null=True, verbose_name='suspended')),
                ('suspension_reason', models.TextField(blank=True, editable=False, verbose_name='reason of the suspension')),
                ('records_gone_since', models.DateTimeField(editable=False, null=True)),
                ('nameservers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), blank=True, default=list, editable=False, size=None)),
                ('dns_findings', models.JSONField(default=list, editable=False)),
                ('first_email_at', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='added')),
                ('deleted_at', models.DateTimeField(editable=False, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='domains', to='accounts.account')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sending domain',
                'verbose_name_plural': 'sending domains',
                'indexes': [models.Index(condition=models.Q(('deleted_at', None)), fields=['next_check_at'], name='domain_due'), models.Index(fields=['name'], name='domain_by_name'), models.Index(condition=models.Q(('custom_domain_tracking_enabled', True)), fields=['name'], name='domain_with_own_links')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('deleted_at', None)), fields=('account', 'name'), name='a_name_once_an_account'), models.UniqueConstraint(condition=models.Q(('is_demo', True)), fields=('account',), name='one_demo_domain_an_account'), models.UniqueConstraint(condition=models.Q(('is_demo', True)), fields=('name',), name='a_demo_name_once')],
            },
        ),
        migrations.CreateModel(
            name='DmarcReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.CharField(max_length=253)),
                ('report_id', models.CharField(max_length=253)),
                ('begins_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('policy', models.JSONField(default=dict)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dmarc_reports', to='domains.sendingdomain')),
            ],
            options={
                'indexes': [models.Index(fields=['domain', '-begins_at'], name='dmarc_by_domain')],
                'constraints': [models.UniqueConstraint(fields=('domain', 'organization', 'report_id'), name='a_dmarc_report_once')],
            },
        ),
        migrations.CreateModel(
            name='DmarcSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.GenericIPAddressField()),
                ('emails', models.PositiveBigIntegerField()),
                ('disposition', models.CharField(max_length=16)),
                ('dkim_aligned', models.BooleanField()),
                ('spf_aligned', models.BooleanField()),
                ('header_from', models.CharField(max_length=253)),
                ('details', models.JSONField(default=dict)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sources', to='domains.dmarcreport')),
            ],
        ),
        migrations.CreateModel(
            name='DnsRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=32)),
                ('type', models.CharField(max_length=8)),
                ('name', models.CharField(max_length=253)),
                ('value', models.TextField()),
                ('required', models.BooleanField(default=True)),
                ('status', models.CharField(choices=[('unchecked', 'Not checked yet'), ('pass', 'Found'), ('missing', 'Not found yet'), ('fail', 'Different value'), ('softfail', 'Different value'), ('network_error', 'Could not check')], default='unchecked', max_length=16)),
                ('observed', models.JSONField(default=list)),
                ('seen', models.JSONField(default=list)),
                ('advice', models.CharField(blank=True, max_length=64)),
                ('checked_at', models.DateTimeField(null=True)),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dns_records', to='domains.sendingdomain')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('domain', 'key'), name='a_record_once_a_domain')],
            },
        ),
        migrations.CreateModel(
            name='DkimKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('selector', models.CharField(max_length=63)),
                ('key_id', models.CharField(max_length=63)),
                ('algorithm', models.CharField(choices=[('rsa-sha256', 'RSA, 2048 bits'), ('ed25519-sha256', 'Ed25519')], default='rsa-sha256', max_length=16)),
                ('private_key', mailtrap_site.sealed.SealedTextField()),
                ('public_key', models.TextField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('signs_since', models.DateTimeField(editable=False, null=True)),
                ('retired_at', models.DateTimeField(editable=False, null=True)),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dkim_keys', to='domains.sendingdomain')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('retired_at', None)), fields=('domain', 'selector'), name='a_selector_once_a_domain'), models.UniqueConstraint(condition=models.Q(('retired_at', None)), fields=('key_id',), name='a_key_at_a_place')],
            },
        ),
        migrations.CreateModel(
            name='ComplianceReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('automatic', 'The rules are looking'), ('questions', "Waiting for the customer's answers"), ('card', 'Waiting for a card check'), ('manual', 'Waiting for staff'), ('approved', 'Approved'), ('rejected', 'Rejected')], default='automatic', max_length=16, verbose_name='state')),
                ('findings', models.JSONField(default=list)),
                ('score', models.IntegerField(default=0, verbose_name='score')),
                ('question', models.TextField(blank=True)),
                ('exchanges', models.JSONField(default=list)),
                ('answers', models.JSONField(default=dict)),
                ('answered_at', models.DateTimeField(editable=False, null=True)),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='decided')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='began')),
                ('state_since', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='domains.sendingdomain')),
            ],
            options={
                'verbose_name': 'compliance review',
                'verbose_name_plural': 'compliance reviews',
                'indexes': [models.Index(fields=['state', 'created_at'], name='review_queue')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['automatic', 'questions', 'card', 'manual'])), fields=('domain',), name='one_open_review_a_domain')],
            },
        ),
        migrations.CreateModel(
            name='TlsReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.CharField(max_length=253)),
                ('report_id', models.CharField(max_length=253)),
                ('begins_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('policy_type', models.CharField(max_length=16)),
                ('successes', models.PositiveBigIntegerField()),
                ('failures', models.PositiveBigIntegerField()),
                ('details', models.JSONField(default=list)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tls_reports', to='domains.sendingdomain')),
            ],
            options={
                'indexes': [models.Index(fields=['domain', '-begins_at'], name='tls_by_domain')],
                'constraints': [models.UniqueConstraint(fields=('domain', 'organization', 'report_id', 'policy_type'), name='a_tls_report_once')],
            },
        ),
        migrations.CreateModel(
            name='ZoneRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=253)),
                ('type', models.CharField(max_length=8)),
                ('value', models.TextField()),
                ('ttl', models.PositiveIntegerField(default=60)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('name', 'type', 'value'), name='a_zone_record_once')],
            },
        ),
    ]
