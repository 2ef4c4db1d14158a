"""Customers may ask about one email; more than one such question may be open."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_plans")]

    operations = [
        migrations.AddField(
            model_name="supportrequest",
            name="message_id",
            field=models.UUIDField(blank=True, null=True, verbose_name="email"),
        ),
        migrations.AlterField(
            model_name="supportrequest",
            name="kind",
            field=models.CharField(
                choices=[
                    ("message_size", "Larger messages"),
                    ("plan", "Another plan"),
                    ("message", "A question about an email"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="supportrequest",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "Open"),
                    ("granted", "Granted"),
                    ("declined", "Declined"),
                    ("answered", "Answered"),
                ],
                default="open",
                max_length=16,
                verbose_name="state",
            ),
        ),
        migrations.RemoveConstraint(model_name="supportrequest", name="one_open_request_of_a_kind"),
        migrations.AddConstraint(
            model_name="supportrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("account", "kind", "message_id"),
                name="one_open_request_of_a_kind",
                nulls_distinct=False,
            ),
        ),
    ]
