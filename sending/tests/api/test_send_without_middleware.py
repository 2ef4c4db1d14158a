"""The sending API is served by the lean handler of `wsgi.py`: no session, no CSRF, the same answers."""

import io
import json

import pytest

from accounts.authentication import forget_tokens
from mailtrap_site.wsgi import application
from sending.models import Submission


def ask(path, body, **headers):
    """Status line, headers and body, as a WSGI server would get them."""
    data = json.dumps(body).encode()
    seen = {}

    def start_response(status, fields, *_):
        seen.update(status=status, headers=dict(fields))

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.9",
        "HTTP_HOST": "send.api.mailtrap.io",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(data)),
        "wsgi.input": io.BytesIO(data),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        **headers,
    }
    content = b"".join(application(environ, start_response))
    return seen["status"], seen["headers"], json.loads(content)


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_accepted_with_nothing_but_a_token(world):
    forget_tokens()
    mail = {"from": {"email": "a@example.test"}, "to": [{"email": "r@far.test"}], "subject": "x", "text": "x"}
    status, headers, body = ask("/api/send", mail, HTTP_AUTHORIZATION=f"Bearer {world.secret}")
    assert status == "200 OK"
    assert body["success"]
    assert set(headers) == {"Content-Type"}
    assert Submission.objects.get().client_ip == "192.0.2.9"
    assert ask("/bulk/api/send", mail, HTTP_API_TOKEN="nobody")[0] == "401 Unauthorized"
