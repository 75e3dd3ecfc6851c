from django.urls import path
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
    path(
        "integrations/<int:integration_pk>/checks/",
        CheckViewSet.as_view({"get": "list", "post": "create"}, detail=False, basename="check"),
        name="check-list",
    ),
    path(
        "integrations/<int:integration_pk>/checks/<int:pk>/",
        CheckViewSet.as_view({"get": "retrieve"}, detail=True, basename="check"),
        name="check-detail",
    ),
    path(
        "integrations/<int:integration_pk>/checks/<int:pk>/cancel/",
        CheckViewSet.as_view({"post": "cancel"}, detail=True, basename="check"),
        name="check-cancel",
    ),
    path(
        "integrations/<int:integration_pk>/checks/<int:pk>/differences/",
        DifferenceViewSet.as_view({"get": "list"}, detail=False, basename="check"),
        name="check-differences",
    ),
    path(
        "integrations/<int:integration_pk>/previews/",
        ForecastViewSet.as_view({"get": "list", "post": "create"}, detail=False, basename="forecast"),
        name="forecast-list",
    ),
    path(
        "integrations/<int:integration_pk>/previews/<int:pk>/",
        ForecastViewSet.as_view({"get": "retrieve"}, detail=True, basename="forecast"),
        name="forecast-detail",
    ),
    path(
        "integrations/<int:integration_pk>/previews/<int:pk>/cancel/",
        ForecastViewSet.as_view({"post": "cancel"}, detail=True, basename="forecast"),
        name="forecast-cancel",
    ),
    path(
        "integrations/<int:integration_pk>/previews/<int:pk>/positions/",
        ForeseenViewSet.as_view({"get": "list"}, detail=False, basename="forecast"),
        name="forecast-positions",
    ),
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
