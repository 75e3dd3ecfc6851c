from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0023_delete_asked_anew")]

    operations = [
        migrations.AddField(
            model_name="periodlink",
            name="found",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
