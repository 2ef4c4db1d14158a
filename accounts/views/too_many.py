"""What the sign-in pages answer to who asks too often: how long to wait, in words and as a header."""

import math

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import waiting


def too_many(request: HttpRequest) -> HttpResponse:
    """HTTP 429 (RFC 6585); allauth finds it as `handler429` of the URLs."""
    seconds = waiting.longest_window(request)
    response = render(request, "429.html", {"time": waiting.words(seconds)}, status=429)
    response["Retry-After"] = str(math.ceil(seconds))
    return response
