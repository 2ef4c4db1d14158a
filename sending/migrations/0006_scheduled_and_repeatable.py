import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("billing", "0002_given_back"),
        ("sending", "0005_balance"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.BinaryField()),
                (
                    "submission",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="sending.submission",
                    ),
                ),
                ("message_ids", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="idempotency_by_age")],
            },
        ),
        # Columns of partitioned tables are nullable and without default: no row is rewritten.
        migrations.AddField(
            model_name="submission",
            name="track_opens",
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="track_clicks",
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="send_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="queueentry",
            name="send_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="hourbalance",
            name="returned",
            field=models.PositiveBigIntegerField(default=0, verbose_name="returned"),
        ),
        migrations.AlterField(
            model_name="event",
            name="type",
            field=models.CharField(
                choices=[
                    ("accepted", "Accepted"),
                    ("delivery", "Delivered"),
                    ("soft_bounce", "Deferred"),
                    ("bounce", "Bounced"),
                    ("suspension", "Held"),
                    ("reject", "Rejected"),
                    ("open", "Opened"),
                    ("click", "Clicked"),
                    ("unsubscribe", "Unsubscribed"),
                    ("spam", "Marked as spam"),
                    ("release", "Released"),
                    ("requeue", "Moved up"),
                    ("cancel", "Cancelled"),
                    ("reschedule", "Rescheduled"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="queueentry",
            index=models.Index(
                condition=models.Q(("send_at__isnull", False)),
                fields=["domain", "send_at", "submission"],
                name="queue_scheduled",
            ),
        ),
        migrations.AddIndex(
            model_name="queueentry",
            index=models.Index(
                condition=models.Q(("send_at__isnull", False)),
                fields=["submission"],
                name="queue_scheduled_together",
            ),
        ),
    ]
