import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def copy_the_employees_company(apps, schema_editor):
    """One statement, whatever the number of rows. Nothing is recorded, and no row looks edited."""
    Position = apps.get_model("positions", "Position")
    Employee = apps.get_model("positions", "Employee")
    company = Employee.objects.filter(pk=OuterRef("employee_id")).values("company_id")[:1]
    with_company = Employee.objects.filter(company__isnull=False).values("pk")
    Position.objects.using(schema_editor.connection.alias).filter(employee__in=with_company).update(
        company_id=Subquery(company)
    )


class Migration(migrations.Migration):

    dependencies = [
        ('positions', '0005_erasure'),
    ]

    operations = [
        migrations.AddField(
            model_name='position',
            name='company',
            field=models.ForeignKey(blank=True, help_text="The employer. Left empty on a new position: the employee's company.", null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='positions', to='positions.company'),
        ),
        migrations.AlterField(
            model_name='employee',
            name='company',
            field=models.ForeignKey(blank=True, help_text='New positions are given this company. Those that exist keep theirs.', null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='employees', to='positions.company'),
        ),
        migrations.RunPython(copy_the_employees_company, migrations.RunPython.noop),
    ]
