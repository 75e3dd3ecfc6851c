from django.apps import AppConfig


class PositionsConfig(AppConfig):
    name = "positions"
    verbose_name = "HR"

    def ready(self) -> None:
        from positions import audit, personal_rows, signing_in

        audit.connect()
        signing_in.connect()
        personal_rows.connect()
