import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("billing", "0001_initial"),
        ("sending", "0004_sites"),
    ]

    operations = [
        migrations.CreateModel(
            name="HourCheck",
            fields=[
                ("hour", models.DateTimeField(primary_key=True, serialize=False)),
                ("checked_at", models.DateTimeField()),
                ("accepted", models.PositiveBigIntegerField()),
                ("unfinished", models.PositiveBigIntegerField()),
                ("differences", models.PositiveBigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("unfinished__gt", 0), ("differences__gt", 0), _connector="OR"),
                        fields=["checked_at"],
                        name="hour_to_count_again",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HourBalance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField(verbose_name="hour")),
                ("accepted", models.PositiveBigIntegerField(verbose_name="accepted")),
                ("states", models.JSONField(verbose_name="states")),
                ("differences", models.JSONField(verbose_name="differences")),
                ("difference", models.PositiveBigIntegerField(verbose_name="difference")),
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
                (
                    "period",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="billing.usageperiod",
                    ),
                ),
            ],
            options={
                "verbose_name": "hour of the balance",
                "verbose_name_plural": "hours of the balance",
                "indexes": [
                    models.Index(fields=["-hour", "account"], name="balance_by_hour"),
                    models.Index(fields=["account", "-hour"], name="balance_by_account"),
                    models.Index(fields=["period"], name="balance_by_period"),
                    models.Index(fields=["-difference", "-hour"], name="balance_differences_first"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterDifference",
            fields=[
                (
                    "period",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="billing.usageperiod",
                    ),
                ),
                ("used", models.PositiveBigIntegerField()),
                ("accepted", models.PositiveBigIntegerField()),
                ("found_at", models.DateTimeField()),
            ],
        ),
    ]
