"""The official Python SDK against this process: its requests go to Django's test client instead of the network."""

from urllib.parse import urlsplit

import requests
from django.test import Client
from requests.adapters import BaseAdapter


class ToDjango(BaseAdapter):
    """Carries what `requests` would send to the site in this process, and its answer back."""

    def send(self, request, **options):
        url = urlsplit(request.url)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        answer = Client().generic(
            request.method,
            url.path + (f"?{url.query}" if url.query else ""),
            request.body or b"",
            content_type=request.headers.get("Content-Type", ""),
            headers=headers,
        )
        response = requests.Response()
        response.status_code, response._content, response.request, response.url = (
            answer.status_code,
            answer.content,
            request,
            request.url,
        )
        response.headers.update(answer.headers)
        return response

    def close(self):
        pass
