import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from positions.folding import words

BATCH = 1000


def write_words(apps, schema_editor):
    """The external ids of everybody who is here already; what is a word of theirs for another reason stays once."""
    Employee, EmployeeWord = apps.get_model("positions", "Employee"), apps.get_model("positions", "EmployeeWord")
    after = 0
    while True:
        people = Employee.objects.filter(pk__gt=after).exclude(external_id="").order_by("pk").values_list(
            "pk", "organization", "external_id"
        )[:BATCH]
        wanted = {(employee, word): organization for employee, organization, text in people for word in words(text)}
        if not wanted:
            return
        after = max(employee for employee, _ in wanted)
        held = EmployeeWord.objects.filter(employee__in={employee for employee, _ in wanted})
        for key in held.values_list("employee", "word"):
            wanted.pop(key, None)
        EmployeeWord.objects.bulk_create(
            [
                EmployeeWord(organization_id=organization, employee_id=employee, word=word)
                for (employee, word), organization in wanted.items()
            ],
            batch_size=2000,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("positions", "0018_invitation_seed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SentForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField()),
                ("digest", models.CharField(max_length=64)),
                ("made", models.CharField(blank=True, max_length=40)),
                ("at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("user", "token"), name="sent_form_once")]},
        ),
        migrations.RunPython(write_words, migrations.RunPython.noop),
    ]
