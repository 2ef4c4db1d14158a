"""What the email log is asked for most. An instance in use goes on meanwhile: rows are changed a few thousand at a time,
and each partition gets its indexes without holding up those who write to it."""

from django.db import migrations, models

from sending.models.partitioned import AddPartitionedIndex
from sending.replies.providers import provider_of

AT_ONCE = 5000


def name_providers(apps, schema_editor):
    """Messages that were sent before know their mail exchanger, which tells the provider."""
    message = apps.get_model("sending", "Message")
    unnamed = message.objects.filter(provider=None).exclude(recipient_mx=None).order_by("pk")
    rows = list(unnamed.values_list("pk", "recipient_mx")[:AT_ONCE])
    while rows:
        of_provider = {}
        for key, host in rows:
            if provider := provider_of(host):
                of_provider.setdefault(provider, []).append(key)
        for provider, keys in of_provider.items():
            message.objects.filter(pk__in=keys, provider=None).update(provider=provider)
        rows = list(unnamed.filter(pk__gt=rows[-1][0]).values_list("pk", "recipient_mx")[:AT_ONCE])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sending", "0018_statistics_by_day_and_alerts")]

    operations = [
        migrations.RunPython(name_providers, migrations.RunPython.noop),
        AddPartitionedIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("provider__isnull", False)),
                fields=["account", "provider", "id"],
                name="message_by_provider",
            ),
        ),
        AddPartitionedIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("opted_out_at__isnull", False)), fields=["account", "id"], name="message_by_opt_out"
            ),
        ),
        AddPartitionedIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("category__isnull", False)),
                fields=["account", "category", "id"],
                name="message_by_category",
            ),
        ),
        AddPartitionedIndex(
            model_name="message",
            index=models.Index(fields=["account", "domain", "id"], name="message_by_domain"),
        ),
    ]
