"""An append-only audit log with its means, notifications to put away, letters by kind, a required second factor, OIDC."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import mailtrap_site.sealed
from accounts.migrations._append_only import APPEND_ONLY, BACK
from django.db import migrations, models

STOPPED = "UPDATE accounts_membership SET stopped_letters = ARRAY['usage.alert'] WHERE NOT usage_letters"
GOES_ON = "UPDATE accounts_membership SET usage_letters = FALSE WHERE 'usage.alert' = ANY(stopped_letters)"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_usage_letters")]

    operations = [
        migrations.AddField("auditentry", "means", models.CharField(choices=[("session", "Session"), ("api_token", "API token"), ("service", "Service")], db_default="service", default="service", max_length=16, verbose_name="by")),
        migrations.AddField("auditentry", "means_id", models.CharField(blank=True, db_default="", default="", max_length=32)),
        migrations.RunSQL(APPEND_ONLY, BACK),
        migrations.AddField("notification", "archived_at", models.DateTimeField(null=True)),
        migrations.AlterField("notification", "account", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="notifications", to="accounts.account")),
        migrations.AddIndex("notification", models.Index(condition=models.Q(("archived_at", None), ("read_at", None)), fields=["user"], name="notification_unread")),
        migrations.AddField("membership", "stopped_letters", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), blank=True, default=list, size=None, verbose_name="stopped letters")),
        migrations.RunSQL(STOPPED, GOES_ON),
        migrations.RemoveField("membership", "usage_letters"),
        migrations.AddField("account", "two_factor_from", models.DateTimeField(blank=True, null=True, verbose_name="second factor required from")),
        migrations.CreateModel(
            name="SingleSignOn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issuer", models.URLField(max_length=500, verbose_name="issuer")),
                ("client_id", models.CharField(max_length=255, verbose_name="client ID")),
                ("client_secret", mailtrap_site.sealed.SealedTextField(verbose_name="client secret")),
                ("email_domains", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), size=None, verbose_name="email domains")),
                ("first_role", models.CharField(choices=[("owner", "Owner"), ("admin", "Admin"), ("viewer", "Viewer"), ("billing", "Billing")], default="viewer", max_length=16, verbose_name="role at the first sign-in")),
                ("is_enforced", models.BooleanField(default=False, verbose_name="is the only way in")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("account", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="single_sign_on", to="accounts.account")),
            ],
            options={"verbose_name": "single sign-on", "verbose_name_plural": "single sign-on"},
        ),
    ]
