from datetime import timedelta

from django.conf import settings
from django.db import migrations
from django.db.models import Q
from django.utils import timezone


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
    # By itself: PostgreSQL makes no index in a transaction that has written foreign keys.
    dependencies = [("positions", "0009_api_keys_end")]

    operations = [
        migrations.RunPython(end_in_a_year_and_have_an_owner, migrations.RunPython.noop),
    ]
