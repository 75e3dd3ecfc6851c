from datetime import timedelta

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

import positions.models.api_key


def end_in_a_year_and_have_an_owner(apps, schema_editor):
    """A year from now at the latest, so that none ends with the upgrade; of whoever made it, if they may hold keys."""
    ApiKey, Member, AuditEntry = (apps.get_model("positions", name) for name in ("ApiKey", "Member", "AuditEntry"))
    User = apps.get_model(*settings.AUTH_USER_MODEL.split("."))
    latest = timezone.now() + timedelta(days=365)
    ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=latest)).update(expires_at=latest)
    for key in ApiKey.objects.select_related("created_by"):
        maker = key.created_by
        if maker is None:
            made = AuditEntry.objects.filter(kind="API key", action="created", object_key=key.pk, via="admin").first()
            maker = made and User.objects.filter(username=made.actor).first()
        if maker is None or not maker.is_active:
            continue
        admin = Member.objects.filter(organization=key.organization_id, user=maker.pk, role="admin")
        if maker.is_superuser or admin.exists():
            ApiKey.objects.filter(pk=key.pk).update(owner=maker.pk)


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
        migrations.RunPython(end_in_a_year_and_have_an_owner, migrations.RunPython.noop),
    ]
