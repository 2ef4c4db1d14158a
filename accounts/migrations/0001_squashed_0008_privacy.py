"""All tables of this app at once: what the migrations that it replaces arrive at step by step."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import mailtrap_site.sealed
from django.conf import settings
from django.db import migrations, models

from accounts.migrations._append_only import APPEND_ONLY, BACK


class Migration(migrations.Migration):

    replaces = [('accounts', '0001_initial'), ('accounts', '0002_token_limit'), ('accounts', '0003_usage_letters'), ('accounts', '0004_signin_audit_notices'), ('accounts', '0005_teams_and_tokens'), ('accounts', '0006_bans'), ('accounts', '0007_support_visits'), ('accounts', '0008_privacy')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='email address')),
                ('name', models.CharField(blank=True, max_length=150, verbose_name='name')),
                ('time_zone', models.CharField(blank=True, max_length=64, verbose_name='time zone')),
                ('is_staff', models.BooleanField(default=False, verbose_name='works at the support desk')),
                ('is_active', models.BooleanField(default=True, verbose_name='may sign in')),
                ('terms_version', models.CharField(blank=True, db_default='', default='', editable=False, max_length=40, verbose_name='accepted terms')),
                ('terms_accepted_at', models.DateTimeField(editable=False, null=True, verbose_name='accepted')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_without_case')],
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=150, verbose_name='name')),
                ('state', models.CharField(choices=[('active', 'Active'), ('suspended', 'Suspended'), ('banned', 'Banned')], default='active', max_length=16, verbose_name='state')),
                ('suspension_reason', models.CharField(blank=True, max_length=500, verbose_name='reason of the suspension or ban')),
                ('is_platform', models.BooleanField(default=False, verbose_name="is the platform's own")),
                ('max_message_bytes', models.PositiveIntegerField(blank=True, null=True, verbose_name='message size limit in bytes')),
                ('two_factor_from', models.DateTimeField(blank=True, null=True, verbose_name='second factor required from')),
                ('support_reads_until', models.DateTimeField(blank=True, null=True, verbose_name='support reads content until')),
                ('closes_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='closes')),
                ('closing_told_at', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('closing_asked_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'account',
                'verbose_name_plural': 'accounts',
                'indexes': [models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), 'text_pattern_ops'), name='account_by_name'), models.Index(condition=models.Q(('closes_at__isnull', False)), fields=['closes_at'], name='account_that_closes')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_platform', True)), fields=('is_platform',), name='one_platform_account')],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('first_digits', models.CharField(editable=False, max_length=4)),
                ('last_digits', models.CharField(editable=False, max_length=4)),
                ('scopes', models.JSONField(default=list, verbose_name='scopes')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('emails_per_month', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='emails a month')),
                ('last_used_at', models.DateTimeField(editable=False, null=True, verbose_name='last used')),
                ('last_used_from', models.GenericIPAddressField(editable=False, null=True, verbose_name='last used from')),
                ('sends_only', models.BooleanField(db_default=False, default=False, verbose_name='sends only')),
                ('networks', models.JSONField(blank=True, default=list, verbose_name='networks')),
                ('told_days', models.PositiveSmallIntegerField(editable=False, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='accounts.account')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'verbose_name_plural': 'API tokens',
                'indexes': [models.Index(fields=['account', 'id'], name='token_by_account'), models.Index(fields=['first_digits'], name='token_by_first_digits'), models.Index(fields=['last_digits'], name='token_by_last_digits'), models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['expires_at'], name='token_by_end')],
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('actor_name', models.CharField(blank=True, max_length=254, verbose_name='actor')),
                ('by_staff', models.BooleanField(default=False, verbose_name='by staff')),
                ('action', models.CharField(max_length=64, verbose_name='action')),
                ('target_type', models.CharField(blank=True, max_length=64, verbose_name='kind of target')),
                ('target_id', models.CharField(blank=True, max_length=64)),
                ('target_name', models.CharField(blank=True, max_length=254, verbose_name='target')),
                ('changes', models.JSONField(default=dict, verbose_name='changes')),
                ('ip', models.GenericIPAddressField(null=True)),
                ('means', models.CharField(choices=[('session', 'Session'), ('api_token', 'API token'), ('service', 'Service')], db_default='service', default='service', max_length=16, verbose_name='by')),
                ('means_id', models.CharField(blank=True, db_default='', default='', max_length=32)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='when')),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='audit_entries', to='accounts.account')),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit log',
                'indexes': [models.Index(fields=['account', '-id'], name='audit_by_account')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='email address')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('viewer', 'Viewer'), ('billing', 'Billing'), ('limited', 'Some domains')], max_length=16, verbose_name='role')),
                ('scopes', models.JSONField(blank=True, default=list, verbose_name='domains')),
                ('sees_content', models.BooleanField(default=False, verbose_name='may read email content')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='invited')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.account')),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'constraints': [models.UniqueConstraint(fields=('account', 'email'), name='one_invitation_an_address')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('viewer', 'Viewer'), ('billing', 'Billing'), ('limited', 'Some domains')], max_length=16, verbose_name='role')),
                ('scopes', models.JSONField(blank=True, default=list, verbose_name='domains')),
                ('sees_content', models.BooleanField(db_default=False, default=False, verbose_name='may read email content')),
                ('stopped_letters', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, size=None, verbose_name='stopped letters')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='joined')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
                'constraints': [models.UniqueConstraint(fields=('account', 'user'), name='one_membership_a_person')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=64)),
                ('level', models.CharField(choices=[('info', 'Info'), ('warning', 'Warning'), ('critical', 'Critical')], default='info', max_length=16)),
                ('title', models.CharField(max_length=200)),
                ('body', models.TextField(blank=True)),
                ('path', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('read_at', models.DateTimeField(null=True)),
                ('archived_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to='accounts.account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['user', '-id'], name='notification_by_user'), models.Index(condition=models.Q(('archived_at', None), ('read_at', None)), fields=['user'], name='notification_unread')],
            },
        ),
        migrations.CreateModel(
            name='SingleSignOn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.URLField(max_length=500, verbose_name='issuer')),
                ('client_id', models.CharField(max_length=255, verbose_name='client ID')),
                ('client_secret', mailtrap_site.sealed.SealedTextField(verbose_name='client secret')),
                ('email_domains', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), size=None, verbose_name='email domains')),
                ('first_role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('viewer', 'Viewer'), ('billing', 'Billing')], default='viewer', max_length=16, verbose_name='role at the first sign-in')),
                ('is_enforced', models.BooleanField(default=False, verbose_name='is the only way in')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='single_sign_on', to='accounts.account')),
            ],
            options={
                'verbose_name': 'single sign-on',
                'verbose_name_plural': 'single sign-on',
            },
        ),
        migrations.CreateModel(
            name='SupportVisit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='started')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='support_visits', to='accounts.account')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'support visit',
                'verbose_name_plural': 'support visits',
                'indexes': [models.Index(condition=models.Q(('ended_at', None)), fields=['ends_at'], name='visit_open')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('staff',), name='one_open_visit_a_member_of_staff')],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, BACK),
    ]
