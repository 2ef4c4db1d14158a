"""Mail to abuse@ and postmaster@, for staff."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sending', '0021_stream_suspensions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IncomingReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mailbox', models.CharField(max_length=64, verbose_name='mailbox')),
                ('reverse_path', models.CharField(blank=True, max_length=320, verbose_name='from')),
                ('client_ip', models.GenericIPAddressField(verbose_name='address')),
                ('subject', models.CharField(blank=True, max_length=500, verbose_name='subject')),
                ('text', models.TextField(blank=True, verbose_name='text')),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='received')),
                ('done_at', models.DateTimeField(null=True, verbose_name='done')),
                ('done_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'report',
                'verbose_name_plural': 'reports',
                'indexes': [models.Index(condition=models.Q(('done_at', None)), fields=['received_at'], name='report_open'), models.Index(condition=models.Q(('done_at__isnull', False)), fields=['done_at'], name='report_done')],
            },
        ),
    ]
