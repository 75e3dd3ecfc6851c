"""Settings from the environment (12-factor); `.env` beside manage.py is read if present.

With nothing set, this is the embedded product: SQLite in `var/`, one machine, a secret key made on first start.
docs/settings.md lists every variable.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

BASE_DIR = Path(__file__).resolve().parent.parent
# Each variable may also be given as NAME_FILE, the path of a file that holds it: secrets stay out of the environment.
env = environ.FileAwareEnv()
environ.Env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
DEBUG = env.bool("DEBUG", default=False)
PRODUCTION = env.bool("PRODUCTION", default=False)


def _kept_secret(name: str) -> str:
    """A secret that the embedded product makes once and keeps, readable by its owner only."""
    file = DATA_DIR / name
    if not file.exists():
        DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with open(file, "x", opener=lambda p, f: os.open(p, f, 0o600)) as handle:
                handle.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass
    return file.read_text().strip()


# In production a missing SECRET_KEY or ENCRYPTION_KEYS stops the start: django-environ raises ImproperlyConfigured.
SECRET_KEY = env.str("SECRET_KEY") if PRODUCTION else env.str("SECRET_KEY", default="") or _kept_secret("secret-key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# First key encrypts, all decrypt (positions/encryption.py).
ENCRYPTION_KEYS = (
    env.list("ENCRYPTION_KEYS")
    if PRODUCTION
    else env.list("ENCRYPTION_KEYS", default=[]) or [_kept_secret("encryption-key")]
)
# In production not yet by default: processes of the release before, which run beside these while it is upgraded, read
# no HKDF (docs/deploy.md).
ENCRYPTION_DERIVATION = env.str(
    "ENCRYPTION_DERIVATION", default="sha256" if PRODUCTION else "hkdf", choices=("hkdf", "sha256")
)
_local = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS") if PRODUCTION else env.list("ALLOWED_HOSTS", default=_local)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "synclog.apps.SynclogConfig",
    "integrations.apps.IntegrationsConfig",
    "positions.apps.PositionsConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "config.apps.PagesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "axes",
    "django_otp",
]

MIDDLEWARE = [
    "config.middleware.HeadMiddleware",
    "config.middleware.RequestIdMiddleware",
    "config.language.BrowserMiddleware",
    "config.health.ProbeMiddleware",
    "config.middleware.ProblemMiddleware",
    "config.middleware.AddressMiddleware",
    "config.middleware.TransportMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.error_pages.ErrorPageMiddleware",
    "config.middleware.FragmentMiddleware",
    "config.content_types.ContentTypeMiddleware",
    "config.middleware.BodyLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.language.PersonMiddleware",
    "config.page_rate.PageRateMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "positions.accounts.second_factor.SecondFactorMiddleware",
    "positions.audit.AuditMiddleware",
    "positions.accounts.signing_in.ManyNamesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.busy.BusyMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# -- database ----------------------------------------------------------------------------------------------

if not PRODUCTION:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'position-sync.sqlite3'}")}
_database = DATABASES["default"]
SQLITE = _database["ENGINE"].endswith("sqlite3")
if SQLITE:
    # A web process and a worker side by side: WAL lets readers and one writer work at once; IMMEDIATE takes the write
    # lock at BEGIN, where the busy timeout applies, instead of failing in the middle. FULL: a committed save whose
    # call has gone out must survive a power cut. What is deleted is overwritten, not only forgotten.
    _database["CONN_MAX_AGE"] = None
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA secure_delete=ON;",
    }
else:
    # Never Django's psycopg `pool`: django-q2's forked workers would share its sockets.
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        "connect_timeout": 5,
        "options": "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- the queue (figures and reasons: docs/engine.md) ---------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
Q_CLUSTER = {
    "name": "position-sync",
    "broker_class": "synclog.queue.broker.broker",
    "workers": env.int("WORKERS", default=4),
    "queue_limit": env.int("WORKERS", default=4),
    "bulk": 1,
    "poll": 0.05,  # the wait for a wake-up when idle: 30 ms at the median, for 2 to 4 % of one core
    "timeout": 300,
    "retry": 360,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "recycle": 500,
    "guard_cycle": 0.5,
    "catch_up": False,
    "label": "Queue",
    "log_level": "WARNING",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# -- people ------------------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "positions.accounts.passwords.GuessableValidator"},
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = env.int("LOGIN_ATTEMPTS", default=8)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOGIN_WAIT_MINUTES", default=15))
# Both together: by the name alone, anybody could lock anybody out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_CLIENT_IP_CALLABLE = "config.sign_in_lockout.address_of"
AXES_LOCKOUT_CALLABLE = "config.sign_in_lockout.locked_out"
AXES_VERBOSE = False
# Of whom a second factor is required; everybody may have one.
REQUIRE_SECOND_FACTOR = env.str("REQUIRE_SECOND_FACTOR", default="none", choices=("none", "operators", "all"))
# An OpenID issuer by which people sign in too (docs/sign-in.md); "" = by password alone.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_NAME = env.str("OIDC_NAME", default="") or "single sign-on"
OIDC_SCOPES = env.str("OIDC_SCOPES", default="openid email profile")
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups")
# The claim by which the issuer says that the e-mail address is the person's; with Entra ID: xms_edov.
OIDC_EMAIL_VERIFIED_CLAIM = env.str("OIDC_EMAIL_VERIFIED_CLAIM", default="email_verified")
# People sign in by it alone, but for operators.
OIDC_ONLY = env.bool("OIDC_ONLY", default=False)
# "issuer": whoever signed in there is asked for no second factor here.
OIDC_SECOND_FACTOR = env.str("OIDC_SECOND_FACTOR", default="ours", choices=("ours", "issuer"))
LOGIN_URL = "admin:login"
PASSWORD_RESET_TIMEOUT = 24 * 3600  # of an invitation (positions/accounts/invitations.py)
LOGIN_REDIRECT_URL = "admin:index"
LANGUAGE_CODE = "en-gb"
# Each in its own words: whoever chooses one reads it. English is what the code itself says.
LANGUAGES = [("en-gb", "English"), ("nb", "Norsk bokmål"), ("sv", "Svenska"), ("fi", "Suomi")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d.%m.%Y"]  # of filters by a range of days, in every language
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# -- security ----------------------------------------------------------------------------------------------

SESSION_ENGINE = "positions.accounts.sessions"
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_MINUTES", default=60) * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.error_pages.form_too_old"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Each concession is explained in docs/security.md, and tests/browser/test_policy.py shows that nothing else is needed.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF],
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    # A browser takes cookies of these names from this host alone, over https: no neighbouring host can plant one.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    MESSAGE_STORAGE = "config.message_cookie.HostStorage"
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True)
    SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=False)
    SILENCED_SYSTEM_CHECKS = ["security.W021"]  # preloading is the choice of whoever owns the whole domain
    if BEHIND_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Of every request, whatever it is for and whoever sends it: a thousand rows of a bulk write fit, no page sends more.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
# A file that is sent is about people: it stays in the memory, and never lies on a disk unencrypted.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE

# An API key expires so many days after it was made; a year at most.
API_KEY_DAYS = max(1, min(env.int("API_KEY_DAYS", default=365), 365))
# Where connections may be pointed: private and loopback addresses only when the operator says so (sandboxes, tests).
ALLOW_PRIVATE_TARGETS = env.bool("ALLOW_PRIVATE_TARGETS", default=False)
KEEP_EXCHANGES_DAYS = env.int("KEEP_EXCHANGES_DAYS", default=30)
KEEP_JOBS_DAYS = env.int("KEEP_JOBS_DAYS", default=400)
KEEP_FILES_DAYS = env.int("KEEP_FILES_DAYS", default=90)
KEEP_AUDIT_DAYS = env.int("KEEP_AUDIT_DAYS", default=400)
# Seconds to wait for a target's answer; 0 leaves it to each connector (30, Netvisor 120).
TARGET_READ_TIMEOUT = env.float("TARGET_READ_TIMEOUT", default=0)
# Below it, files for systems that import files may be dropped; "" = nowhere.
EXPORT_ROOT = env.str("EXPORT_ROOT", default="")
# Dotted modules outside this repository that define connectors.
EXTRA_CONNECTORS = env.list("EXTRA_CONNECTORS", default=[])
# Address of the sandbox server that the demo started, "" when there is none.
SANDBOX_URL = env.str("SANDBOX_URL", default="")
# The password of the demo's people, which its sign-in page shows; "" when this is no demo.
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")

# -- mail --------------------------------------------------------------------------------------------------

# Where people reach this installation: links in mails begin with it, never with what a request says.
PUBLIC_ADDRESS = env.str("PUBLIC_ADDRESS", default="")
_mail = env.email_url("EMAIL_URL", default="dummymail://")  # without it nobody is sent a mail
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL = (
    _mail["EMAIL_HOST"] or "localhost",
    _mail["EMAIL_HOST_USER"] or "",
    _mail["EMAIL_HOST_PASSWORD"] or "",
    bool(_mail.get("EMAIL_USE_TLS")),
    bool(_mail.get("EMAIL_USE_SSL")),
)
EMAIL_PORT = _mail["EMAIL_PORT"] or (587 if EMAIL_USE_TLS else 465 if EMAIL_USE_SSL else 25)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Position Sync <position-sync@localhost>")
# The demo keeps its mails in this folder and shows them on a page (config/demo_mails.py); "" = there is no demo.
DEMO_MAILS = env.str("DEMO_MAILS", default="")
if DEMO_MAILS:
    EMAIL_BACKEND = "config.demo_mails.Backend"

# -- static files ------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = not PRODUCTION

# -- REST --------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "positions.api.authentication.ApiKeyAuthentication",
        "positions.api.members.MemberAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["positions.api.permissions.HasScope"],
    "DEFAULT_SCHEMA_CLASS": "positions.api.schema.ApiSchema",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "positions.api.pagination.Pages",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["positions.api.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "positions.api.problems.problem_response",
    "DEFAULT_THROTTLE_CLASSES": ["positions.api.throttling.KeyThrottle", "positions.api.throttling.AddressThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "key": env.str("API_RATE", default="600/min"),
        "address": env.str("API_RATE", default="600/min"),
        "pages": env.str("PAGE_RATE", default="600/min"),
    },
    "COERCE_DECIMAL_TO_STRING": True,
}
# What the answers of writes of positions have besides: positions.api.caused.
API_CAUSED = "synclog.api.caused.CausedSerializer"
# And those of one employee or position: positions.api.unmatched.
API_UNMATCHED = "synclog.api.unmatched.UnmatchedInSerializer"

SPECTACULAR_SETTINGS = {
    "TITLE": "Position Sync",
    "DESCRIPTION": "Employees and their positions. Every change goes to the connected systems by itself.\n\n"
    "An object that was read may be changed and sent back as a whole: what is only answered is ignored, and an unknown "
    "name is refused. Lists come in pages: follow `next`. Errors are problem documents (RFC 9457) with a stable "
    "`code`, the fields, and what to do.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "OAS_VERSION": "3.1.0",
    # Sessions are for the page of the documentation alone.
    "AUTHENTICATION_WHITELIST": ["positions.api.authentication.ApiKeyAuthentication"],
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "CONTACT": {"name": "Whoever operates this installation"},
    # What is only answered is no part of a request: a generated client need not know it to make something.
    "COMPONENT_SPLIT_REQUEST": True,
    # Docstrings are for whoever reads the code: what integrators read is written for them (positions/api/schema.py).
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "positions.api.document.finished",
    ],
    "WEBHOOKS": [
        f"synclog.api.told.{name}"
        for name in (
            "JOB_FAILED",
            "JOB_RECOVERED",
            "POSITION_SYNCED",
            "STATE_CHANGED",
            "BATCH_FINISHED",
            "TEST",
        )
    ],
    "SERVERS": [{"url": "/", "description": "This installation: paths begin where the document was read."}],
    "TAGS": [
        {"name": "me", "description": "Where to begin: what there is, whose key it is, and a new secret for it."},
        {"name": "employees", "description": "Who works for the organization, and each one's positions."},
        {"name": "positions", "description": "Periods of work: each change goes to the connected systems by itself."},
        {"name": "companies", "description": "The organization's employers."},
        {"name": "departments", "description": "What employees and positions belong to."},
        {"name": "changes", "description": "All that was made, changed and deleted, in order."},
        {"name": "integrations", "description": "Connections to payroll systems."},
        {"name": "jobs", "description": "What was sent, what waits, and what needs somebody."},
        {"name": "batches", "description": "Many jobs or positions at once, carried out by a worker."},
        {"name": "events", "description": "What happened to connections."},
        {"name": "webhooks", "description": "Addresses of your own that are told of what happens."},
        {"name": "matches", "description": "Who is who in the connected systems."},
        {"name": "preview", "description": "What would be sent."},
        {"name": "retro-changes", "description": "Changes of days before a connection's payroll cut-off."},
        {"name": "questions", "description": "Tests and previews that take longer than a request may wait."},
    ],
    "ENUM_NAME_OVERRIDES": {
        "StatusEnum": ["current", "upcoming", "ended"],
        "BulkOperationEnum": "positions.api.bulk.serializers.OPERATIONS",
        "BulkStatusEnum": "positions.api.bulk.serializers.STATUSES",
        "ChangeOperationEnum": "positions.models.Change.Operation",
        "PositionStateEnum": "synclog.log.truth.Truth",
        "WriteActionEnum": [("created", "Made"), ("updated", "Changed"), ("unchanged", "Nothing was done")],
        "BatchStateEnum": "synclog.models.Batch.State",
        "BatchActionEnum": "synclog.models.Batch.Action",
        "ContractTypeEnum": "positions.models.ContractType",
        "JobStateEnum": "synclog.models.Job.State",
        "JobActionEnum": "synclog.models.Job.Action",
        "WebhookStateEnum": "synclog.models.Webhook.State",
        "WebhookEventEnum": "synclog.models.Webhook.Topic",
        "DeliveryStateEnum": "synclog.models.WebhookDelivery.State",
        "MatchStateEnum": "integrations.models.EmployeeLink.State",
        "CheckStateEnum": "synclog.models.walk.Walk.State",
        "StartEnum": "synclog.api.serializers.integrations.STARTS",
        "SendingStartEnum": "synclog.api.forecasts.STARTS",
        "ForeseenResultEnum": "synclog.api.forecasts.RESULTS",
    },
}

# -- figures -----------------------------------------------------------------------------------------------

# Who sends it as a bearer token may read /metrics; "" = there is no /metrics.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# -- logging -----------------------------------------------------------------------------------------------

LOG_FORMAT = env.str("LOG_FORMAT", default="json" if PRODUCTION else "text")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"ids": {"()": "config.logging.IdsFilter"}},
    "formatters": {
        "text": {
            "()": "config.logging.TextFormatter",
            "fmt": "{asctime} {levelname:<7} {name} {message}{ids}",
            "style": "{",
            "datefmt": "%Y-%m-%d %H:%M:%S%z",
        },
        "json": {
            "()": "config.logging.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(job_id)s %(actor)s %(address)s",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["ids"]},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}

from config.unfold import UNFOLD  # noqa: E402, F401
