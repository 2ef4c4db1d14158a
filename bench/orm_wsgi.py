"""The WSGI application of the baseline: the product's lean handler, serving `bench.orm_view` alone."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")

from django.conf import settings

from mailtrap_site.wsgi import LeanHandler

settings.ROOT_URLCONF = "bench.orm_view"
application = LeanHandler()
