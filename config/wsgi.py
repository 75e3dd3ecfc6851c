import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_wsgi_application()

from config.checks import refuse_to_start  # noqa: E402  # it reads the settings
from config.content_types import screened  # noqa: E402  # its words are translated

refuse_to_start()
application = screened(_django)
