import django.db.models.deletion
from django.db import migrations, models

import positions.models.words
from positions.folding import words

BATCH = 1000


def write_words(apps, schema_editor):
    """For everybody who is here already."""
    Employee, EmployeeWord = apps.get_model("positions", "Employee"), apps.get_model("positions", "EmployeeWord")
    after = 0
    while True:
        people = Employee.objects.order_by("pk").filter(pk__gt=after).values_list(
            "pk", "organization", "number", "first_name", "last_name", "email"
        )[:BATCH]
        rows = []
        for after, organization, number, first_name, last_name, email in people:
            rows += [
                EmployeeWord(organization_id=organization, employee_id=after, word=word)
                for word in sorted(words(number, first_name, last_name, email=email))
            ]
        if not rows:
            return
        EmployeeWord.objects.bulk_create(rows, batch_size=2000)


class Migration(migrations.Migration):
    dependencies = [("positions", "0008_sign_ins")]

    operations = [
        migrations.CreateModel(
            name="EmployeeWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", positions.models.words.FoldedField(max_length=100)),
                ("employee", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="positions.employee")),
                ("organization", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="positions.organization")),
            ],
        ),
        migrations.RunPython(write_words, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="employeeword",
            index=models.Index(fields=["organization", "word", "employee"], name="employee_word_found"),
        ),
    ]
