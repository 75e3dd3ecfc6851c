from csp.constants import SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from config import demo_mails
from config.metrics import metrics
from positions.admin import account, joining, language, sessions
from positions.api.docs import Docs, Document

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/integrations/", include("integrations.urls")),
    path("admin/queue/", include("synclog.admin.queue")),
    path("admin/notices/", include("synclog.admin.notices")),
    path("admin/choose-password/", include("positions.accounts.invitations")),
    path("admin/forgotten-password/", include("positions.accounts.forgotten")),
    path("admin/join/", joining.join, name="join"),
    path("admin/join/<token>/", joining.by_link, name="join_by_link"),
    path("admin/sign-in/", include("positions.admin.sign_in")),
    path("admin/sessions/", admin.site.admin_view(sessions.overview), name="sessions"),
    path("admin/language/", admin.site.admin_view(language.choice), name="language"),
    path("admin/choose-language/", language.before_signing_in, name="language_before_signing_in"),
    path("admin/account/", admin.site.admin_view(account.account), name="account"),
    path("admin/account/address/<str:token>/", admin.site.admin_view(account.address), name="own_address"),
    path("admin/second-factor/", include("positions.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("positions.api.urls")),
    path("api/v1/", include("synclog.api.urls")),
    # Open to everybody: the document holds no data, and its page none but the visitor's own memberships.
    path("api/schema/", Document.as_view(), name="api-schema"),
    # Its refusal of other methods would fail for want of a template; config.middleware.ProblemMiddleware words it.
    path(
        "api/docs/",
        csp_replace({"script-src": [SELF], "img-src": [SELF, "data:"]})(
            require_safe(Docs.as_view(url_name="api-schema"))
        ),
        name="api-docs",
    ),
    # For the holder of METRICS_TOKEN; /healthz and /readyz are answered by config.health before they come here.
    path("metrics", metrics, name="metrics"),
]

if settings.DEMO_MAILS:
    urlpatterns.insert(0, path("admin/demo-mails/", admin.site.admin_view(demo_mails.mails), name="demo_mails"))

handler400 = "config.error_pages.bad_request"
handler403 = "config.error_pages.forbidden"
handler404 = "config.error_pages.not_found"
handler500 = "config.busy.failed"
