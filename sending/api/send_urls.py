"""URLs of the sending hosts."""

from django.urls import path

from sending.api.send_view import send
from sending.models import Stream

urlpatterns = [
    path("api/send", send, name="api_send"),
    path("bulk/api/send", send, {"stream": Stream.BULK.value}, name="api_bulk_send"),
]
