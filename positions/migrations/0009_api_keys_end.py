import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import positions.models.api_key


class Migration(migrations.Migration):
    dependencies = [
        ("positions", "0007_people_search"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="owner",
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="api_keys", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="apikey",
            name="ended_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="ended_why",
            field=models.CharField(blank=True, choices=[("membership", "its owner is no longer a member of the organization"), ("role", "its owner is no longer an admin of the organization"), ("inactive", "its owner's user was deactivated"), ("deleted", "its owner's user was deleted")], db_default="", default="", editable=False, max_length=10),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="expires_at",
            field=models.DateTimeField(blank=True, default=positions.models.api_key.latest_end, null=True, verbose_name="expires"),
        ),
    ]
