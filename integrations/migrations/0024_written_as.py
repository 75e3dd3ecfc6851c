"""What else the settings said of what was sent, to be kept from now on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0023_delete_asked_anew")]

    operations = [
        migrations.AddField(
            model_name="periodlink", name="written_as", field=models.JSONField(db_default={}, default=dict)
        ),
    ]
