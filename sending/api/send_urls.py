"""URLs of the sending hosts."""

from django.urls import path

from sending.api.routes import ROUTES
from sending.api.send_view import send

urlpatterns = [path(one.removeprefix("/"), send) for one in ROUTES]
