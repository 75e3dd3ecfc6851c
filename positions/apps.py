from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.core.signals import request_finished
from django.utils.translation import gettext_lazy


class PositionsConfig(AppConfig):
    name = "positions"
    verbose_name = gettext_lazy("HR")

    def ready(self) -> None:
        from positions import api_keys, audit, changes, languages
        from positions.accounts import federation, group_roles, sessions, signing_in
        from positions.api import expand, expansions
        from positions.api.authentication import note_used
        from positions.privacy import personal_data
        from positions.privacy.personal_rows import HeldByHr

        audit.connect()
        changes.connect()
        api_keys.connect()
        signing_in.connect()
        sessions.connect()
        languages.connect()
        user_logged_in.connect(federation.begin_session, dispatch_uid="positions.accounts.federation")
        group_roles.connect()
        personal_data.register(HeldByHr())
        expand.EXPANSIONS.update(expansions.OURS)
        request_finished.connect(note_used, dispatch_uid="positions.note_used")
        request_finished.connect(sessions.note_seen, dispatch_uid="positions.note_seen")
