"""The sending API over HTTP."""

import json

import pytest
from django.test import Client

from accounts.authentication import forget_tokens


@pytest.fixture(autouse=True)
def _fresh_tokens():
    forget_tokens()


@pytest.fixture
def post(world):
    def _post(body, path="/api/send", **headers):
        headers = {"Authorization": f"Bearer {world.secret}", **headers}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        content_type = headers.pop("content_type", "application/json")
        return Client().post(path, data, content_type=content_type, headers=headers)

    return _post
