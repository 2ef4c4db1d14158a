"""Mail for the sending API, requests that are read and composed and go no further, and what answers say."""

import json

from accounts.authentication import TokenIdentity
from sending.api.send.answers import Answer
from sending.api.send.asked import Asked
from sending.api.send.batch import read_batch
from sending.api.send.compose import read_draft
from sending.api.send.routes import Kind
from sending.models import Stream

MAIL = {
    "from": {"email": "alice@example.test"},
    "to": [{"email": "rita@far.test"}],
    "subject": "Hello",
    "text": "Hi",
}
BASE = {name: value for name, value in MAIL.items() if name != "to"}
_NOBODY = TokenIdentity(1, 1, (), "")


def asked(key=None, kind=Kind.SEND, stream=Stream.TRANSACTIONAL, **changes):
    fields = {"method": "POST", "host": "", "content_type": "application/json", "secret": "", "client_ip": ""}
    return Asked(**{**fields, "path_stream": stream, "kind": kind, "idempotency_key": key, **changes})


def composed(mail=MAIL, key=None, **changes):
    """The mail, ready to be handed over, or the answer of one that is refused."""
    return read_draft(asked(key, **changes), _NOBODY, mail if isinstance(mail, bytes) else json.dumps(mail).encode())


def batch(*requests, key=None, base=BASE):
    """The batch, or the answer of one that is refused."""
    return read_batch(asked(key, Kind.BATCH), _NOBODY, json.dumps({"base": base, "requests": requests}).encode())


def content(answer):
    assert isinstance(answer, Answer), answer
    return json.loads(answer.content)


def errors(answer):
    """Status and error strings of an answer to the Django client."""
    assert answer.json()["success"] is False
    return answer.status_code, answer.json()["errors"]
