from django.apps import AppConfig


class PositionsConfig(AppConfig):
    name = "positions"
    verbose_name = "HR"

    def ready(self) -> None:
        from positions import audit

        audit.connect()
