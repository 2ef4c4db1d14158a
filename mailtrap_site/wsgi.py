"""The whole site as one WSGI application, for servers that speak nothing else; `asgi.py` is what `make run` serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")

application = get_wsgi_application()
