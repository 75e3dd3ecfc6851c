from django.urls import path
from rest_framework.routers import SimpleRouter

from synclog.api.people import MatchViewSet
from synclog.api.views import BatchView, IntegrationViewSet, JobViewSet, PositionStatesView, PreviewView, QuestionView

app_name = "sync_api"

router = SimpleRouter(use_regex_path=False)
router.register("integrations", IntegrationViewSet, basename="integration")
router.register("matches", MatchViewSet, basename="match")
router.register("jobs", JobViewSet, basename="job")

urlpatterns = [
    path("preview/", PreviewView.as_view(), name="preview"),
    path("positions/<int:id>/sync/", PositionStatesView.as_view(), name="position-sync"),
    path("batches/<int:id>/", BatchView.as_view(), name="batch"),
    path("questions/<uuid:key>/", QuestionView.as_view(), name="question"),
    *router.urls,
]
