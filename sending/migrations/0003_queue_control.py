import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("domains", "0001_initial"),
        ("sending", "0002_shared_counts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="QueueOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stream",
                    models.CharField(
                        choices=[("transactional", "Transactional"), ("bulk", "Bulk")],
                        max_length=16,
                        null=True,
                        verbose_name="stream",
                    ),
                ),
                ("destination", models.CharField(max_length=253, null=True, verbose_name="destination")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "set_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="since"),
                ),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("hold", "Hold"),
                            ("release", "Release"),
                            ("cancel", "Cancel"),
                            ("requeue", "Send now"),
                        ],
                        max_length=16,
                    ),
                ),
                ("position", models.UUIDField(null=True)),
                ("until", models.UUIDField()),
                ("handled", models.PositiveIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "order",
                "verbose_name_plural": "orders",
            },
        ),
        migrations.CreateModel(
            name="QueuePause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stream",
                    models.CharField(
                        choices=[("transactional", "Transactional"), ("bulk", "Bulk")],
                        max_length=16,
                        null=True,
                        verbose_name="stream",
                    ),
                ),
                ("destination", models.CharField(max_length=253, null=True, verbose_name="destination")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "set_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="since"),
                ),
            ],
            options={
                "verbose_name": "pause",
                "verbose_name_plural": "pauses",
            },
        ),
        migrations.CreateModel(
            name="StreamSetting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stream",
                    models.CharField(
                        choices=[("transactional", "Transactional"), ("bulk", "Bulk")],
                        max_length=16,
                        verbose_name="stream",
                    ),
                ),
                (
                    "on_uncertain",
                    models.CharField(
                        choices=[("send_again", "Send it again"), ("ask", "Ask me")],
                        default="send_again",
                        max_length=16,
                        verbose_name="when it is uncertain whether a message arrived",
                    ),
                ),
            ],
            options={
                "verbose_name": "stream setting",
                "verbose_name_plural": "stream settings",
            },
        ),
        migrations.RemoveIndex(
            model_name="queueentry",
            name="queue_due",
        ),
        migrations.AddField(
            model_name="queueentry",
            name="hold",
            field=models.CharField(
                choices=[
                    ("standing", "Its account or domain may not send"),
                    ("paused", "A pause covers it"),
                    ("by_hand", "Somebody holds it"),
                    ("uncertain", "Somebody has to decide whether it is sent again"),
                ],
                max_length=16,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="queueentry",
            name="pause_id",
            field=models.BigIntegerField(null=True),
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
                ],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="queueentry",
            index=models.Index(
                condition=models.Q(("stream", "transactional")),
                fields=["account", "due_at"],
                name="queue_due_transactional",
            ),
        ),
        migrations.AddIndex(
            model_name="queueentry",
            index=models.Index(
                condition=models.Q(("stream", "bulk")), fields=["account", "due_at"], name="queue_due_bulk"
            ),
        ),
        migrations.AddIndex(
            model_name="queueentry",
            index=models.Index(
                condition=models.Q(("hold__isnull", False)),
                fields=["hold", "account", "domain", "pause_id"],
                name="queue_held",
            ),
        ),
        migrations.AddField(
            model_name="queueorder",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="accounts.account",
            ),
        ),
        migrations.AddField(
            model_name="queueorder",
            name="domain",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="domains.sendingdomain",
            ),
        ),
        migrations.AddField(
            model_name="queueorder",
            name="set_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="queuepause",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="accounts.account",
            ),
        ),
        migrations.AddField(
            model_name="queuepause",
            name="domain",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="domains.sendingdomain",
            ),
        ),
        migrations.AddField(
            model_name="queuepause",
            name="set_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="streamsetting",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="stream_settings", to="accounts.account"
            ),
        ),
        migrations.AddIndex(
            model_name="queueorder",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True)), fields=["set_at"], name="queue_order_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="streamsetting",
            constraint=models.UniqueConstraint(fields=("account", "stream"), name="one_setting_a_stream"),
        ),
        # A claim rewrites its rows in place: room in the page keeps that out of the indexes (HOT). What leaves the queue
        # is swept up early, and without pauses, however large the queue has been.
        migrations.RunSQL(
            "ALTER TABLE sending_queueentry SET (fillfactor = 50, autovacuum_vacuum_threshold = 5000, "
            "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000, "
            "autovacuum_vacuum_insert_scale_factor = 0, autovacuum_analyze_threshold = 10000, "
            "autovacuum_analyze_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0)",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
