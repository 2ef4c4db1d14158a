"""Invitations, members of some domains, who reads content, and what tokens are held to."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_signin_audit_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="email address")),
                ("role", models.CharField(choices=[("owner", "Owner"), ("admin", "Admin"), ("viewer", "Viewer"), ("billing", "Billing"), ("limited", "Some domains")], max_length=16, verbose_name="role")),
                ("scopes", models.JSONField(blank=True, default=list, verbose_name="domains")),
                ("sees_content", models.BooleanField(default=False, verbose_name="may read email content")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="invited")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
            },
        ),
        migrations.AddField(
            model_name="apitoken",
            name="last_used_from",
            field=models.GenericIPAddressField(editable=False, null=True, verbose_name="last used from"),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="networks",
            field=models.JSONField(blank=True, default=list, verbose_name="networks"),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="sends_only",
            field=models.BooleanField(db_default=False, default=False, verbose_name="sends only"),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="told_days",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="scopes",
            field=models.JSONField(blank=True, default=list, verbose_name="domains"),
        ),
        migrations.AddField(
            model_name="membership",
            name="sees_content",
            field=models.BooleanField(db_default=False, default=False, verbose_name="may read email content"),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(choices=[("owner", "Owner"), ("admin", "Admin"), ("viewer", "Viewer"), ("billing", "Billing"), ("limited", "Some domains")], max_length=16, verbose_name="role"),
        ),
        migrations.AddIndex(
            model_name="apitoken",
            index=models.Index(condition=models.Q(("expires_at__isnull", False)), fields=["expires_at"], name="token_by_end"),
        ),
        migrations.AddField(
            model_name="invitation",
            name="account",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="accounts.account"),
        ),
        migrations.AddField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(fields=("account", "email"), name="one_invitation_an_address"),
        ),
        # Who could read bodies until now goes on; who comes in from now on is asked about.
        migrations.RunSQL(
            "UPDATE accounts_membership SET sees_content = TRUE WHERE role = 'viewer'", migrations.RunSQL.noop
        ),
    ]
