import django.db.models.deletion
from django.db import migrations, models


def limited_where_companies_were_chosen(apps, schema_editor):
    """Until now, an empty list was how a connection said "everybody"."""
    Integration = apps.get_model("integrations", "Integration")
    chosen = apps.get_model("integrations", "IntegrationCompany").objects.values("integration")
    Integration.objects.using(schema_editor.connection.alias).filter(pk__in=chosen).update(everybody=False)


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0007_shared_place'),
        ('positions', '0006_position_company'),
    ]

    operations = [
        migrations.AddField(
            model_name='integration',
            name='everybody',
            field=models.BooleanField(default=True, help_text='Positions of every company, and of none.'),
        ),
        # The same table as before, with a model: only then can it say that its companies are not to be deleted.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='IntegrationCompany',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('company', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to='positions.company')),
                        ('integration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='integrations.integration')),
                    ],
                    options={
                        'verbose_name': 'connection that is limited to it',
                        'db_table': 'integrations_integration_companies',
                        'unique_together': {('integration', 'company')},
                    },
                ),
                migrations.AlterField(
                    model_name='integration',
                    name='companies',
                    field=models.ManyToManyField(blank=True, help_text='Only positions of these companies, unless it is for everybody.', through='integrations.IntegrationCompany', to='positions.company'),
                ),
            ],
        ),
        migrations.RunPython(limited_where_companies_were_chosen, migrations.RunPython.noop),
    ]
