from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0024_written_as")]

    operations = [
        migrations.AddField(
            model_name="periodlink",
            name="found",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
