from typing import Any

from django.urls import URLPattern, path
from rest_framework.routers import SimpleRouter

from synclog.api.differences import CheckViewSet, DifferenceViewSet
from synclog.api.forecasts import ForecastViewSet, ForeseenViewSet
from synclog.api.people import MatchViewSet
from synclog.api.retro import RetroChangeViewSet
from synclog.api.views.batches import BatchErrorViewSet, BatchViewSet
from synclog.api.views.events import EventViewSet
from synclog.api.views.integrations import IntegrationViewSet, KeptBackViewSet
from synclog.api.views.jobs import JobViewSet
from synclog.api.views.questions import PreviewView, QuestionView
from synclog.api.views.states import PositionStatesView
from synclog.api.walks import OfWalks, WalkRowsViewSet, WalkViewSet
from synclog.api.webhooks import DeliveryViewSet, WebhookViewSet

app_name = "sync_api"

router = SimpleRouter(use_regex_path=False)
router.register("integrations", IntegrationViewSet, basename="integration")
router.register("matches", MatchViewSet, basename="match")
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("jobs", JobViewSet, basename="job")
router.register("retro-changes", RetroChangeViewSet, basename="retro-change")
router.register("batches", BatchViewSet, basename="batch")
router.register("events", EventViewSet, basename="event")


def _walks(
    folder: str, name: str, view: type[WalkViewSet], found: str, found_view: type[WalkRowsViewSet]
) -> list[URLPattern]:
    """The addresses of one kind of walk below those of an integration, and of what each found."""
    all_of_them = f"integrations/<int:integration_pk>/{folder}/"
    one = f"{all_of_them}<int:pk>/"

    def at(address: str, of: type[OfWalks], suffix: str, **methods: Any) -> URLPattern:
        detail = suffix in ("detail", "cancel")
        return path(address, of.as_view(methods, detail=detail, basename=name), name=f"{name}-{suffix}")

    return [
        at(all_of_them, view, "list", get="list", post="create"),
        at(one, view, "detail", get="retrieve"),
        at(f"{one}cancel/", view, "cancel", post="cancel"),
        at(f"{one}{found}/", found_view, found, get="list"),
    ]


urlpatterns = [
    path("preview/", PreviewView.as_view(), name="preview"),
    path("positions/<int:id>/sync/", PositionStatesView.as_view(), name="position-sync"),
    path(
        "batches/<int:batch_pk>/errors/",
        BatchErrorViewSet.as_view({"get": "list"}, detail=False, basename="batch"),
        name="batch-errors",
    ),
    path(
        "integrations/<int:integration_pk>/gaps/positions/",
        KeptBackViewSet.as_view({"get": "list"}, detail=False, basename="integration"),
        name="integration-gaps-positions",
    ),
    *_walks("checks", "check", CheckViewSet, "differences", DifferenceViewSet),
    *_walks("previews", "forecast", ForecastViewSet, "positions", ForeseenViewSet),
    path("questions/<uuid:key>/", QuestionView.as_view(), name="question"),
    path(
        "webhooks/<int:webhook_pk>/deliveries/",
        DeliveryViewSet.as_view({"get": "list"}, detail=False, basename="webhook"),
        name="delivery-list",
    ),
    path(
        "webhooks/<int:webhook_pk>/deliveries/<int:pk>/",
        DeliveryViewSet.as_view({"get": "retrieve"}, detail=True, basename="delivery"),
        name="delivery-detail",
    ),
    path(
        "webhooks/<int:webhook_pk>/deliveries/<int:pk>/replay/",
        DeliveryViewSet.as_view({"post": "replay"}, detail=True, basename="delivery"),
        name="delivery-replay",
    ),
    path(
        "webhooks/<int:webhook_pk>/test/",
        DeliveryViewSet.as_view({"post": "send_test"}, detail=False, basename="webhook"),
        name="webhook-test",
    ),
    *router.urls,
]
