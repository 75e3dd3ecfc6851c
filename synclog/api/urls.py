from django.urls import path
from rest_framework.routers import SimpleRouter

from synclog.api.views import IntegrationViewSet, JobViewSet, PreviewView, QuestionView

app_name = "sync_api"

router = SimpleRouter(use_regex_path=False)
router.register("integrations", IntegrationViewSet, basename="integration")
router.register("jobs", JobViewSet, basename="job")

urlpatterns = [
    path("preview/", PreviewView.as_view(), name="preview"),
    path("questions/<uuid:key>/", QuestionView.as_view(), name="question"),
    *router.urls,
]
