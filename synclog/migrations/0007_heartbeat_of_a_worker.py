# The column keeps its name: code of the release before goes on writing to it.

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("synclog", "0006_log_of_all")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("heartbeat", "host", "worker"),
                migrations.AlterField(
                    "heartbeat",
                    "worker",
                    models.CharField(db_column="host", max_length=120, primary_key=True, serialize=False),
                ),
            ]
        )
    ]
