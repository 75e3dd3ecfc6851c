import django.db.models.deletion
import django.utils.timezone
import integrations.models.integration
import positions.encryption
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('integrations', '0001_initial'), ('integrations', '0002_export_files'), ('integrations', '0003_shared_rate'), ('integrations', '0004_kept_files'), ('integrations', '0005_warned_at'), ('integrations', '0006_retry_set_at'), ('integrations', '0007_shared_place'), ('integrations', '0008_everybody'), ('integrations', '0009_identity'), ('integrations', '0010_truth'), ('integrations', '0011_left_behind'), ('integrations', '0012_versions'), ('integrations', '0013_late_reads'), ('integrations', '0014_meaning'), ('integrations', '0015_messages'), ('integrations', '0016_trouble_said'), ('integrations', '0017_terms'), ('integrations', '0018_defaults'), ('integrations', '0019_occupations'), ('integrations', '0020_names'), ('integrations', '0021_words')]

    initial = True

    dependencies = [
        ('positions', '0001_squashed_0026_who_stayed_away'),
    ]

    operations = [
        migrations.CreateModel(
            name='Integration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('system_key', models.CharField(max_length=40, validators=[integrations.models.integration.validate_system], verbose_name='system')),
                ('name', models.CharField(help_text='How you call this connection, for example: Tripletex, Oslo.', max_length=80, verbose_name='name')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('credentials', positions.encryption.EncryptedJSONField(blank=True, default=dict, verbose_name='credentials')),
                ('credential_hints', models.JSONField(blank=True, default=dict, editable=False)),
                ('settings', models.JSONField(blank=True, default=dict, verbose_name='settings')),
                ('base_urls', models.JSONField(blank=True, default=dict, help_text='Only for a test tenant: {name: address}.', verbose_name='base urls')),
                ('send_positions', models.BooleanField(default=False, help_text='Changes from now on are sent. What exists already is not.', verbose_name='send positions')),
                ('activated_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('delete_positions', models.BooleanField(default=False, help_text='A position deleted here is deleted there, where the system can.', verbose_name='delete there too')),
                ('move_periods', models.BooleanField(default=False, help_text='A changed start date moves the period that was sent before, instead of making a new one.', verbose_name='move on a changed start date')),
                ('paused_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='paused at')),
                ('paused_by', models.CharField(blank=True, editable=False, max_length=150)),
                ('stopped_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('stopped_cause', models.CharField(blank=True, editable=False, max_length=60)),
                ('retry_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('retry_count', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('last_success_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('vault', positions.encryption.EncryptedJSONField(blank=True, default=dict, editable=False)),
                ('vault_locked_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('warned_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('retry_set_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('everybody', models.BooleanField(default=True, help_text='Positions of every company, and of none.', verbose_name='everybody')),
                ('fingerprint_key', positions.encryption.EncryptedTextField(default=integrations.models.integration.new_fingerprint_key, editable=False, verbose_name='key of fingerprints')),
                ('vault_locked_by', models.CharField(blank=True, editable=False, max_length=32)),
                ('version', models.BigIntegerField(default=0, editable=False)),
                ('retry_said', models.JSONField(blank=True, default=list, editable=False)),
                ('stopped_said', models.JSONField(blank=True, default=list, editable=False)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='integrations', to='positions.organization', verbose_name='organization')),
            ],
            options={
                'ordering': ['organization', 'name'],
                'verbose_name': 'integration',
                'verbose_name_plural': 'integrations',
                'indexes': [models.Index(fields=['organization', 'send_positions'], name='integration_recording')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'name'), name='integration_name_once')],
            },
        ),
        migrations.CreateModel(
            name='EmployeeLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('employee_key', models.BigIntegerField(verbose_name='number of the employee here')),
                ('remote_id', models.CharField(blank=True, max_length=120, verbose_name='record there')),
                ('label', models.CharField(blank=True, max_length=200)),
                ('matched_by', models.CharField(blank=True, max_length=60, verbose_name='matched by')),
                ('matched_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='since')),
                ('next_change_on', models.DateField(blank=True, null=True)),
                ('planned_in', models.DateTimeField(blank=True, editable=False, null=True)),
                ('cause', models.CharField(blank=True, max_length=60)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed at')),
                ('confirmed_by', models.CharField(blank=True, max_length=150, verbose_name='confirmed by')),
                ('fingerprints', models.JSONField(default=dict, editable=False)),
                ('state', models.CharField(choices=[('matched', 'Matched'), ('not_matched', 'Not matched'), ('released', 'Released'), ('stopped', 'Stopped')], default='matched', max_length=20, verbose_name='state')),
                ('written_to', models.CharField(blank=True, editable=False, max_length=120)),
                ('said', models.JSONField(blank=True, default=list)),
                ('integration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='employee_links', to='integrations.integration', verbose_name='integration')),
            ],
            options={
                'verbose_name': 'match',
                'verbose_name_plural': 'people',
                'indexes': [models.Index(fields=['next_change_on'], name='employee_link_next_change'), models.Index(fields=['integration', 'state', '-matched_at'], name='employee_link_listed'), models.Index(fields=['employee_key'], name='employee_link_of_employee')],
                'constraints': [models.UniqueConstraint(fields=('integration', 'employee_key'), name='employee_link_once'), models.UniqueConstraint(condition=models.Q(('state', 'matched')), fields=('integration', 'remote_id'), name='employee_link_of_one_employee')],
            },
        ),
        migrations.CreateModel(
            name='ExportFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField()),
                ('fetched_at', models.DateTimeField(blank=True, null=True)),
                ('fetched_by', models.CharField(blank=True, max_length=150)),
                ('imported_at', models.DateTimeField(blank=True, null=True)),
                ('imported_by', models.CharField(blank=True, max_length=150)),
                ('dropped_at', models.DateTimeField(blank=True, null=True)),
                ('file_name', models.CharField(blank=True, max_length=120)),
                ('folder', models.CharField(blank=True, max_length=4000)),
                ('kept', positions.encryption.EncryptedTextField(blank=True, default='')),
                ('trouble_said', models.JSONField(blank=True, default=list)),
                ('integration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='export_files', to='integrations.integration')),
            ],
            options={
                'ordering': ['-made_at', '-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('fetched_at', None), ('imported_at', None)), fields=('integration',), name='one_file_being_filled')],
            },
        ),
        migrations.CreateModel(
            name='ExportRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('employee_key', models.BigIntegerField()),
                ('record', positions.encryption.EncryptedJSONField(default=dict)),
                ('put_at', models.DateTimeField(auto_now=True)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='records', to='integrations.exportfile')),
            ],
            options={
                'ordering': ['employee_key'],
                'indexes': [models.Index(fields=['employee_key', '-id'], name='record_by_employee')],
                'constraints': [models.UniqueConstraint(fields=('file', 'employee_key'), name='one_record_for_each_employee')],
            },
        ),
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
        migrations.CreateModel(
            name='OccupationRegister',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tried_at', models.DateTimeField()),
                ('fetched_at', models.DateTimeField(null=True)),
                ('integration', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='occupation_register', to='integrations.integration')),
            ],
        ),
        migrations.CreateModel(
            name='Occupation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20)),
                ('title', models.CharField(max_length=200)),
                ('folded', models.CharField(max_length=250)),
                ('register', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='occupations', to='integrations.occupationregister')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('register', 'code'), name='occupation_once')],
            },
        ),
        migrations.CreateModel(
            name='PeriodLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('employee_key', models.BigIntegerField()),
                ('position_key', models.BigIntegerField()),
                ('remote_id', models.CharField(max_length=120)),
                ('values', models.JSONField(default=dict)),
                ('sent_at', models.DateTimeField(auto_now=True)),
                ('left_behind', models.JSONField(default=list)),
                ('left', models.JSONField(null=True)),
                ('look_on', models.DateField(blank=True, null=True)),
                ('stale', models.BooleanField(default=False)),
                ('older', models.JSONField(default=dict)),
                ('written_at', models.DateTimeField(null=True)),
                ('terms', models.JSONField(default=dict)),
                ('integration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='period_links', to='integrations.integration')),
            ],
            options={
                'indexes': [models.Index(fields=['integration', 'employee_key'], name='period_link_by_employee'), models.Index(condition=models.Q(('stale', True)), fields=['integration'], name='period_link_stale'), models.Index(condition=models.Q(('left__isnull', False)), fields=['integration'], name='period_link_left'), models.Index(condition=models.Q(('look_on__isnull', False)), fields=['look_on', 'integration'], name='period_link_to_look_at')],
                'constraints': [models.UniqueConstraint(fields=('integration', 'position_key'), name='period_link_once')],
            },
        ),
        migrations.CreateModel(
            name='SharedPlace',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('holder', models.CharField(blank=True, max_length=32)),
                ('until', models.DateTimeField()),
                ('waiting', models.CharField(blank=True, max_length=32)),
                ('waits_until', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SharedRate',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('next_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='integration',
            name='companies',
            field=models.ManyToManyField(blank=True, help_text='Only positions of these companies, unless it is for everybody.', through='integrations.IntegrationCompany', to='positions.company', verbose_name='companies'),
        ),
    ]
