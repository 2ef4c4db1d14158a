"""URLs of the sending hosts; `routes` says what each asks for."""

from django.urls import re_path

from sending.api.send.view import send

urlpatterns = [re_path(r"^(?:bulk/)?api/(?:send|batch)(?:/[^/]+)?$", send)]
