import django.core.validators
import django.db.models.deletion
import positions.encryption
import positions.models.api_key
import positions.models.organization
import positions.models.words
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('positions', '0001_initial'), ('positions', '0002_idempotency_and_words'), ('positions', '0003_audit'), ('positions', '0004_second_factor'), ('positions', '0005_erasure'), ('positions', '0006_position_company'), ('positions', '0007_people_search'), ('positions', '0008_sign_ins'), ('positions', '0009_api_keys_end'), ('positions', '0010_api_keys_of_before'), ('positions', '0011_invitation'), ('positions', '0012_composed'), ('positions', '0013_contract_types_and_end_reasons'), ('positions', '0014_change_feed'), ('positions', '0015_resources'), ('positions', '0016_terms'), ('positions', '0017_import'), ('positions', '0018_invitation_seed'), ('positions', '0019_people_and_forms'), ('positions', '0020_audit_entries'), ('positions', '0021_language_choice'), ('positions', '0022_names_in_words'), ('positions', '0023_federation'), ('positions', '0024_words_of_federation'), ('positions', '0025_own_address'), ('positions', '0026_who_stayed_away')]

    initial = True

    dependencies = [
        ('auth', '__first__'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AddressChange',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('former', models.EmailField(blank=True, max_length=254)),
                ('asked_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True, verbose_name='name')),
                ('country', models.CharField(choices=[('NO', 'Norway'), ('SE', 'Sweden'), ('FI', 'Finland'), ('DK', 'Denmark')], default='NO', max_length=2, verbose_name='country')),
                ('time_zone', models.CharField(default='Europe/Oslo', help_text='Decides which day it is: a position becomes current at midnight here.', max_length=60, validators=[positions.models.organization.validate_time_zone], verbose_name='time zone')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
            ],
            options={
                'ordering': ['name'],
                'verbose_name': 'organization',
                'verbose_name_plural': 'organizations',
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='What uses it, for example: HR nightly import.', max_length=80, verbose_name='name')),
                ('prefix', models.CharField(editable=False, max_length=12, verbose_name='prefix')),
                ('hash', models.CharField(editable=False, max_length=64, unique=True, verbose_name='hash')),
                ('scopes', models.JSONField(default=list, verbose_name='scopes')),
                ('expires_at', models.DateTimeField(blank=True, default=positions.models.api_key.latest_end, null=True, verbose_name='expires')),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last used at')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('ended_at', models.DateTimeField(editable=False, null=True, verbose_name='ended at')),
                ('ended_why', models.CharField(blank=True, choices=[('membership', 'its owner is no longer a member of the organization'), ('role', 'its owner is no longer an admin of the organization'), ('inactive', "its owner's user was deactivated"), ('deleted', "its owner's user was deleted")], db_default='', default='', editable=False, max_length=10, verbose_name='why it ended')),
                ('former_hash', models.CharField(blank=True, db_default='', default='', editable=False, max_length=64, verbose_name='former hash')),
                ('former_until', models.DateTimeField(editable=False, null=True, verbose_name='former until')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('owner', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='api_keys', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='positions.organization', verbose_name='organization')),
            ],
            options={
                'verbose_name': 'API key',
                'ordering': ['organization', 'name'],
                'verbose_name_plural': 'API keys',
                'indexes': [models.Index(fields=['former_hash'], name='api_key_by_former_hash')],
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='time')),
                ('actor', models.CharField(blank=True, max_length=150, verbose_name='by')),
                ('via', models.CharField(choices=[('admin', 'Admin'), ('api', 'API key'), ('system', 'Position Sync')], max_length=10, verbose_name='via')),
                ('action', models.CharField(choices=[('created', 'Created'), ('changed', 'Changed'), ('deleted', 'Deleted'), ('exported', 'Exported'), ('imported', 'Imported'), ('erased', 'Erased'), ('signed_in', 'Signed in'), ('signed_out', 'Signed out'), ('refused', 'Sign-in refused')], max_length=10, verbose_name='action')),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('object_key', models.BigIntegerField(null=True, verbose_name='its number')),
                ('object_name', models.CharField(max_length=250, verbose_name='what')),
                ('employee_key', models.BigIntegerField(null=True)),
                ('changes', models.JSONField(default=dict)),
                ('organization', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='positions.organization', verbose_name='organization')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit entries',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['organization', '-at', '-id'], name='audit_by_organization'), models.Index(fields=['at'], name='audit_by_time'), models.Index(fields=['employee_key'], name='audit_by_employee')],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('turn', models.BigIntegerField(null=True)),
                ('kind', models.CharField(choices=[('employee', 'Employee'), ('position', 'Position')], max_length=10)),
                ('object_key', models.BigIntegerField()),
                ('employee_key', models.BigIntegerField()),
                ('external_id', models.CharField(blank=True, max_length=120)),
                ('operation', models.CharField(choices=[('created', 'Made'), ('updated', 'Changed'), ('deleted', 'Deleted')], max_length=10)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='positions.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'turn', 'id'], name='change_in_turn'), models.Index(fields=['employee_key'], name='change_by_employee'), models.Index(fields=['at'], name='change_by_time')],
            },
        ),
        migrations.CreateModel(
            name='ChangeFeed',
            fields=[
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='positions.organization')),
                ('last', models.BigIntegerField(default=0)),
                ('pruned', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Company',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('organization_number', models.CharField(blank=True, help_text='As the authorities write it: 974760673, 556123-4567, 1234567-8.', max_length=20, verbose_name='organization number')),
                ('external_id', models.CharField(blank=True, db_default='', default='', help_text="The API client's own id.", max_length=120, verbose_name='external id')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='companies', to='positions.organization', verbose_name='organization')),
            ],
            options={
                'verbose_name_plural': 'companies',
                'ordering': ['name'],
                'verbose_name': 'company',
                'constraints': [models.UniqueConstraint(fields=('organization', 'name'), name='company_name_once', violation_error_message='Another company of this organization has this name.'), models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('organization', 'external_id'), name='company_external_id_once', violation_error_message='Another company of this organization has this external id.')],
            },
        ),
        migrations.CreateModel(
            name='Department',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='The code that payroll knows the department by.', max_length=20, verbose_name='code')),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
                ('external_id', models.CharField(blank=True, db_default='', default='', help_text="The API client's own id.", max_length=120, verbose_name='external id')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='departments', to='positions.organization', verbose_name='organization')),
            ],
            options={
                'ordering': ['code'],
                'verbose_name': 'department',
                'verbose_name_plural': 'departments',
                'constraints': [models.UniqueConstraint(fields=('organization', 'code'), name='department_code_once', violation_error_message='Another department of this organization has this code.'), models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('organization', 'external_id'), name='department_external_id_once', violation_error_message='Another department of this organization has this external id.')],
            },
        ),
        migrations.CreateModel(
            name='Employee',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(help_text='The number that payroll knows the person by.', max_length=30, verbose_name='employee number')),
                ('first_name', models.CharField(max_length=80, verbose_name='first name')),
                ('last_name', models.CharField(max_length=80, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('birth_date', models.DateField(blank=True, null=True, verbose_name='birth date')),
                ('national_id', positions.encryption.EncryptedTextField(blank=True, default='', help_text='Encrypted. Used only to find the person in a target system.', verbose_name='national id')),
                ('external_id', models.CharField(blank=True, help_text="The API client's own id.", max_length=120, verbose_name='external id')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('company', models.ForeignKey(blank=True, help_text='New positions are given this company. Those that exist keep theirs.', null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='employees', to='positions.company', verbose_name='company')),
                ('department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='employees', to='positions.department', verbose_name='department')),
                ('manager', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='reports', to='positions.employee', verbose_name='manager')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='employees', to='positions.organization', verbose_name='organization')),
            ],
            options={
                'ordering': ['last_name', 'first_name', 'number'],
                'verbose_name': 'employee',
                'verbose_name_plural': 'employees',
                'indexes': [models.Index(fields=['organization', 'last_name', 'first_name', 'number'], name='employee_by_name')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'number'), name='employee_number_once', violation_error_message='Another employee of this organization has this number.'), models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('organization', 'external_id'), name='employee_external_id_once', violation_error_message='Another employee of this organization has this external id.')],
            },
        ),
        migrations.CreateModel(
            name='EmployeeWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', positions.models.words.FoldedField(max_length=100)),
                ('employee', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='positions.employee')),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='positions.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'word', 'employee'], name='employee_word_found')],
            },
        ),
        migrations.CreateModel(
            name='FederatedIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.CharField(max_length=255, verbose_name='issuer')),
                ('subject', models.CharField(max_length=255, verbose_name='subject')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('stayed_away', models.BooleanField(db_default=False, default=False, editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='federated_identities', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'sign-in by an issuer',
                'verbose_name_plural': 'sign-ins by an issuer',
                'constraints': [models.UniqueConstraint(fields=('issuer', 'subject'), name='one_user_of_a_subject'), models.UniqueConstraint(fields=('user', 'issuer'), name='one_subject_of_a_user')],
            },
        ),
        migrations.CreateModel(
            name='GroupRole',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('group', models.CharField(help_text='As the issuer gives it: an id with Entra ID, else a name.', max_length=255, verbose_name='group')),
                ('role', models.CharField(choices=[('admin', 'Admin'), ('editor', 'Editor'), ('viewer', 'Viewer')], default='viewer', max_length=10, verbose_name='role')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='group_roles', to='positions.organization', verbose_name='organization')),
            ],
            options={
                'verbose_name': 'group of the issuer',
                'verbose_name_plural': 'groups of the issuer',
                'ordering': ['organization', 'group'],
                'constraints': [models.UniqueConstraint(fields=('organization', 'group'), name='group_once')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key_hash', models.CharField(max_length=64)),
                ('request_hash', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.JSONField(null=True)),
                ('headers', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='positions.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'key_hash'), name='idempotency_key_once')],
            },
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('employees', 'Employees'), ('positions', 'Positions')], max_length=10)),
                ('state', models.CharField(choices=[('reading', 'Being read'), ('checking', 'Being checked'), ('checked', 'Waits for you'), ('importing', 'Being imported'), ('done', 'Imported'), ('refused', 'Refused'), ('cancelled', 'Cancelled')], default='reading', max_length=10)),
                ('language', models.CharField(max_length=12)),
                ('effective_from', models.DateField(null=True)),
                ('empty_clears', models.BooleanField(default=False)),
                ('file', positions.encryption.EncryptedTextField(blank=True, editable=False)),
                ('problem', positions.encryption.EncryptedTextField(blank=True, editable=False)),
                ('columns', models.JSONField(default=list)),
                ('managers', positions.encryption.EncryptedJSONField(blank=True, default=dict, editable=False)),
                ('total', models.PositiveIntegerField(default=0)),
                ('taken', models.PositiveIntegerField(default=0)),
                ('next_piece', models.PositiveIntegerField(default=0)),
                ('created', models.PositiveIntegerField(default=0)),
                ('updated', models.PositiveIntegerField(default=0)),
                ('unchanged', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('changed', models.JSONField(default=dict)),
                ('follows', models.JSONField(default=dict)),
                ('asked_at', models.DateTimeField()),
                ('moved_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='positions.organization')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'indexes': [models.Index(fields=['organization', 'kind', '-id'], name='import_by_organization'), models.Index(fields=['asked_at'], name='import_by_time')],
            },
        ),
        migrations.CreateModel(
            name='ImportPiece',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('refused', models.PositiveIntegerField(default=0)),
                ('updated', models.PositiveIntegerField(default=0)),
                ('content', positions.encryption.EncryptedJSONField(editable=False)),
                ('part_of', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='pieces', to='positions.import')),
            ],
            options={
                'ordering': ['number'],
                'verbose_name': 'part of an import',
                'verbose_name_plural': 'parts of imports',
                'constraints': [models.UniqueConstraint(fields=('part_of', 'number'), name='import_piece_once')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('role', models.CharField(choices=[('admin', 'Admin'), ('editor', 'Editor'), ('viewer', 'Viewer')], default='viewer', help_text='Admin: everything. Editor: employees and positions. Viewer: reads.', max_length=10, verbose_name='role')),
                ('until', models.DateTimeField(editable=False, verbose_name='until')),
                ('declined_at', models.DateTimeField(editable=False, null=True, verbose_name='declined at')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True, verbose_name='digest of the link')),
                ('seed', models.CharField(blank=True, db_default='', default='', editable=False, max_length=32)),
                ('invited_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='invited by')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='positions.organization', verbose_name='organization')),
            ],
            options={
                'ordering': ['organization', 'email'],
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
            },
        ),
        migrations.CreateModel(
            name='LanguageChoice',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('language', models.CharField(max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('admin', 'Admin'), ('editor', 'Editor'), ('viewer', 'Viewer')], default='viewer', help_text='Admin: everything. Editor: employees and positions. Viewer: reads.', max_length=10, verbose_name='role')),
                ('group', models.CharField(blank=True, db_default='', default='', editable=False, max_length=255, verbose_name='group')),
                ('renewed_at', models.DateTimeField(editable=False, null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='positions.organization', verbose_name='organization')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'ordering': ['organization', 'user'],
                'verbose_name': 'member',
                'verbose_name_plural': 'members',
                'constraints': [models.UniqueConstraint(fields=('organization', 'user'), name='member_once')],
            },
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=250, verbose_name='title')),
                ('start_date', models.DateField(verbose_name='contract start date')),
                ('end_date', models.DateField(blank=True, help_text='The last day. Empty: open.', null=True, verbose_name='contract end date')),
                ('end_reason', models.CharField(blank=True, choices=[('resigned', 'Resigned'), ('dismissed', 'Dismissed'), ('contract_ended', 'Contract ended'), ('mutual_agreement', 'Mutual agreement'), ('retirement', 'Retirement'), ('internal_transfer', 'Internal transfer'), ('payroll_system_change', 'Payroll system change'), ('other', 'Other')], max_length=30, verbose_name='end reason')),
                ('contract_type', models.CharField(choices=[('permanent', 'Permanent'), ('probation', 'Probation'), ('temporary', 'Temporary'), ('substitute', 'Substitute'), ('seasonal', 'Seasonal'), ('casual', 'Casual'), ('trainee', 'Trainee'), ('job_training_program', 'Job training program'), ('consultant', 'Consultant'), ('freelance', 'Freelance'), ('third_party', 'Third party'), ('other', 'Other')], default='permanent', max_length=30, verbose_name='contract type')),
                ('percentage', models.DecimalField(decimal_places=2, default=Decimal('100'), help_text='0 to 100, up to two decimals.', max_digits=5, validators=[django.core.validators.MinValueValidator(Decimal('0'), 'A percentage lies between 0 and 100, for example 80 or 37.5.'), django.core.validators.MaxValueValidator(Decimal('100'), 'A percentage lies between 0 and 100, for example 80 or 37.5.')], verbose_name='percentage')),
                ('weekly_hours', models.DecimalField(blank=True, decimal_places=2, help_text="The person's own hours a week.", max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'), 'Weekly hours lie between 0 and 168.'), django.core.validators.MaxValueValidator(Decimal('168'), 'Weekly hours lie between 0 and 168.')], verbose_name='weekly hours')),
                ('occupation_code', models.CharField(blank=True, help_text="The code of the company's country. Norway: seven digits of STYRK-98, not STYRK-08 (2130109, systemutvikler). Sweden: four of SSYK 2012 (5223, butikssäljare, fackhandel). Finland: five of TK10 (25140, sovellusohjelmoijat).", max_length=20, verbose_name='occupation code')),
                ('working_hours_scheme', models.CharField(blank=True, choices=[('not_shift', 'Not shift'), ('shift', 'Shift'), ('round_the_clock', 'Round the clock (355)'), ('shift_365', 'Shift 365'), ('offshore_336', 'Offshore 336'), ('continuous', 'Continuous (336)'), ('other_shift', 'Other shift')], max_length=30, verbose_name='working hours scheme')),
                ('remuneration_type', models.CharField(blank=True, choices=[('monthly', 'Monthly wage'), ('hourly', 'Hourly wage'), ('commission', 'Commission'), ('fee', 'Fee'), ('piecework', 'Piecework')], max_length=30, verbose_name='remuneration type')),
                ('cost_centre', models.CharField(blank=True, max_length=30, verbose_name='cost centre')),
                ('first_day_of_work', models.DateField(blank=True, null=True, verbose_name='first day of work')),
                ('last_day_of_work', models.DateField(blank=True, null=True, verbose_name='last day of work')),
                ('probation_end', models.DateField(blank=True, null=True, verbose_name='probation end')),
                ('notice_date', models.DateField(blank=True, help_text='The day on which notice was given.', null=True, verbose_name='notice date')),
                ('note', models.TextField(blank=True, help_text='Never sent anywhere.', verbose_name='note')),
                ('external_id', models.CharField(blank=True, help_text="The API client's own id.", max_length=120, verbose_name='external id')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('company', models.ForeignKey(blank=True, help_text="The employer. Left empty on a new position: the employee's company.", null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='positions', to='positions.company', verbose_name='company')),
                ('department', models.ForeignKey(blank=True, help_text="Empty: the employee's department.", null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='positions.department', verbose_name='department')),
                ('employee', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='positions', to='positions.employee', verbose_name='employee')),
            ],
            options={
                'ordering': ['employee', 'start_date', 'pk'],
                'verbose_name': 'position',
                'verbose_name_plural': 'positions',
                'indexes': [models.Index(fields=['employee', 'start_date'], name='position_by_start'), models.Index(fields=['external_id'], name='position_by_external_id')],
                'constraints': [models.CheckConstraint(condition=models.Q(('end_date__isnull', True), ('end_date__gte', models.F('start_date')), _connector='OR'), name='position_end_not_before_start', violation_error_message='The end date is before the start date.'), models.CheckConstraint(condition=models.Q(('percentage__gte', 0), ('percentage__lte', 100)), name='position_percentage_range'), models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('employee', 'external_id'), name='position_external_id_once', violation_error_message='Another position of this employee has this external id.')],
            },
        ),
        migrations.CreateModel(
            name='SecondFactor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('created_at', models.DateTimeField(auto_now_add=True, help_text='The date and time when this device was initially created in the system.', null=True)),
                ('last_used_at', models.DateTimeField(blank=True, help_text='The most recent date and time this device was used.', null=True)),
                ('key', positions.encryption.EncryptedTextField()),
                ('recovery_codes', positions.encryption.EncryptedTextField(blank=True)),
                ('last_step', models.BigIntegerField(default=-1)),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'second factor',
                'constraints': [models.UniqueConstraint(fields=('user',), name='one_second_factor_of_a_user')],
            },
        ),
        migrations.CreateModel(
            name='SelfMadeUser',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
        ),
        migrations.CreateModel(
            name='SentForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField()),
                ('digest', models.CharField(max_length=64)),
                ('made', models.CharField(blank=True, max_length=40)),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'token'), name='sent_form_once')],
            },
        ),
        migrations.CreateModel(
            name='Terms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=250, verbose_name='title')),
                ('contract_type', models.CharField(choices=[('permanent', 'Permanent'), ('probation', 'Probation'), ('temporary', 'Temporary'), ('substitute', 'Substitute'), ('seasonal', 'Seasonal'), ('casual', 'Casual'), ('trainee', 'Trainee'), ('job_training_program', 'Job training program'), ('consultant', 'Consultant'), ('freelance', 'Freelance'), ('third_party', 'Third party'), ('other', 'Other')], default='permanent', max_length=30, verbose_name='contract type')),
                ('percentage', models.DecimalField(decimal_places=2, default=Decimal('100'), help_text='0 to 100, up to two decimals.', max_digits=5, validators=[django.core.validators.MinValueValidator(Decimal('0'), 'A percentage lies between 0 and 100, for example 80 or 37.5.'), django.core.validators.MaxValueValidator(Decimal('100'), 'A percentage lies between 0 and 100, for example 80 or 37.5.')], verbose_name='percentage')),
                ('weekly_hours', models.DecimalField(blank=True, decimal_places=2, help_text="The person's own hours a week.", max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'), 'Weekly hours lie between 0 and 168.'), django.core.validators.MaxValueValidator(Decimal('168'), 'Weekly hours lie between 0 and 168.')], verbose_name='weekly hours')),
                ('occupation_code', models.CharField(blank=True, help_text="The code of the company's country. Norway: seven digits of STYRK-98, not STYRK-08 (2130109, systemutvikler). Sweden: four of SSYK 2012 (5223, butikssäljare, fackhandel). Finland: five of TK10 (25140, sovellusohjelmoijat).", max_length=20, verbose_name='occupation code')),
                ('working_hours_scheme', models.CharField(blank=True, choices=[('not_shift', 'Not shift'), ('shift', 'Shift'), ('round_the_clock', 'Round the clock (355)'), ('shift_365', 'Shift 365'), ('offshore_336', 'Offshore 336'), ('continuous', 'Continuous (336)'), ('other_shift', 'Other shift')], max_length=30, verbose_name='working hours scheme')),
                ('remuneration_type', models.CharField(blank=True, choices=[('monthly', 'Monthly wage'), ('hourly', 'Hourly wage'), ('commission', 'Commission'), ('fee', 'Fee'), ('piecework', 'Piecework')], max_length=30, verbose_name='remuneration type')),
                ('cost_centre', models.CharField(blank=True, max_length=30, verbose_name='cost centre')),
                ('effective_from', models.DateField(blank=True, null=True, verbose_name='effective from')),
                ('awaited', models.BooleanField(default=False, verbose_name='awaited')),
                ('department', models.ForeignKey(blank=True, help_text="Empty: the employee's department.", null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='positions.department', verbose_name='department')),
                ('position', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='terms', to='positions.position', verbose_name='position')),
            ],
            options={
                'verbose_name': 'terms',
                'verbose_name_plural': 'terms',
                'ordering': [models.OrderBy(models.F('effective_from'), nulls_first=True)],
                'indexes': [models.Index(condition=models.Q(('awaited', True)), fields=['effective_from'], name='terms_awaited')],
                'constraints': [models.UniqueConstraint(fields=('position', 'effective_from'), name='terms_once_a_day'), models.UniqueConstraint(condition=models.Q(('effective_from', None)), fields=('position',), name='terms_of_first_day_once'), models.CheckConstraint(condition=models.Q(('percentage__gte', 0), ('percentage__lte', 100)), name='terms_percentage_range')],
            },
        ),
    ]
