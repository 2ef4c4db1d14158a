import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

IS_NO_SANDBOX = models.Q(("sandbox", None))


def tell_sizes(apps, schema_editor):
    """What is there already tells at least what it takes."""
    captured = apps.get_model("sending", "CapturedMail")
    captured.objects.update(size=models.Func("data", function="octet_length", output_field=models.IntegerField()))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("sending", "0006_scheduled_and_repeatable"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sandbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sandboxes", to="accounts.account"
                    ),
                ),
            ],
            options={"verbose_name": "sandbox", "verbose_name_plural": "sandboxes"},
        ),
        migrations.AddField(
            model_name="capturedmail",
            name="sandbox",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mails",
                to="sending.sandbox",
            ),
        ),
        migrations.AddField("capturedmail", "recipients", models.JSONField(default=list)),
        migrations.AddField(
            "capturedmail",
            "door",
            models.CharField(
                choices=[("api", "API"), ("smtp", "SMTP"), ("internal", "the service itself")], max_length=16, null=True
            ),
        ),
        migrations.AddField(
            "capturedmail",
            "stream",
            models.CharField(
                choices=[("transactional", "Transactional"), ("bulk", "Bulk")], max_length=16, null=True
            ),
        ),
        migrations.AddField("capturedmail", "category", models.CharField(max_length=255, null=True)),
        migrations.AddField("capturedmail", "custom_variables", models.JSONField(default=dict)),
        migrations.AddField("capturedmail", "is_read", models.BooleanField(default=False)),
        migrations.AddField(
            "capturedmail", "size", models.PositiveIntegerField(default=0), preserve_default=False
        ),
        migrations.RunPython(tell_sizes, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex("capturedmail", "captured_by_recipient"),
        migrations.AddIndex(
            "capturedmail", models.Index(fields=["sandbox", "-id"], name="captured_by_sandbox")
        ),
        migrations.AddIndex(
            "capturedmail",
            models.Index(condition=IS_NO_SANDBOX, fields=["-id"], name="captured_on_development"),
        ),
        migrations.AddIndex(
            "capturedmail",
            models.Index(condition=IS_NO_SANDBOX, fields=["recipient", "-id"], name="captured_by_recipient"),
        ),
    ]
