"""`POST /api/send` with a whole message as its body."""

import json
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sending.models import Content, Message, Submission

pytestmark = pytest.mark.django_db

HEAD = b"From: Alice <alice@example.test>\r\nTo: Rita <rita@far.test>\r\nSubject: Hello\r\n"
MAIL = HEAD + b"\r\nHi\r\n"


@pytest.fixture
def post(world):
    def _post(body, path="/api/send", content_type="message/rfc822", **query):
        headers = {"Authorization": f"Bearer {world.secret}"}
        path = f"{path}?{urlencode(query, doseq=True)}" if query else path
        return Client().post(path, body, content_type=content_type, headers=headers)

    return _post


def stored():
    return Content.objects.latest("id").message


def recipients(answer):
    assert answer.status_code == 200, answer.content
    by_id = {str(one.pk): (one.kind, one.recipient) for one in Message.objects.all()}
    return [by_id[one] for one in answer.json()["message_ids"]]


def test_it_leaves_as_it_came_with_what_a_submission_server_adds(post):
    body = b"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n" + MAIL
    answer = post(body)
    assert set(answer.json()) == {"success", "message_ids"}
    trace, _, rest = stored().partition(b"Date:")
    assert b"Date:" + rest == body
    assert trace.startswith(b"Received: from authenticated-client by send.")
    assert b" with HTTP\r\n" in trace
    assert b"127.0.0.1" not in trace
    submission = Submission.objects.get()
    assert (submission.door, submission.stream, submission.subject) == ("api", "transactional", "Hello")
    assert (submission.mail_from, submission.client_ip) == ("alice@example.test", "127.0.0.1")


def test_date_and_message_id_are_added_where_they_are_missing(post):
    post(MAIL)
    assert b"\r\nDate: " in stored()
    assert b"@example.test>\r\n" in stored()


def test_it_goes_to_whom_its_header_names_and_blind_copies_stay_blind(post):
    head = b"Cc: c@far.test,\r\n group: d@far.test;\r\nBcc: Bob <b@far.test>\r\n"
    answer = post(head + MAIL)
    assert recipients(answer) == [
        ("to", "rita@far.test"),
        ("cc", "c@far.test"),
        ("cc", "d@far.test"),
        ("bcc", "b@far.test"),
    ]
    assert b"b@far.test" not in stored()


def test_the_query_names_the_envelopes_recipients_instead(post):
    answer = post(MAIL, to=["b@far.test", "rita@far.test", "ü@grüße.test"])
    assert recipients(answer) == [
        ("to", "rita@far.test"),
        ("bcc", "b@far.test"),
        ("bcc", "ü@xn--gre-6ka8l.test"),
    ]


def test_its_control_headers_are_obeyed_and_taken_out(post):
    control = b'X-MT-Category: welcome\r\nX-MT-Custom-Variables: {"user": "1"}\r\n'
    post(control + MAIL)
    submission = Submission.objects.get()
    assert (submission.category, submission.custom_variables) == ("welcome", {"user": "1"})
    assert b"X-MT-" not in stored()


def test_bare_line_feeds_are_line_ends(post):
    assert post(MAIL.replace(b"\r\n", b"\n").removesuffix(b"\n")).status_code == 200
    assert stored().endswith(b"\r\n\r\nHi\r\n")
    assert stored().count(b"\n") == stored().count(b"\r\n")


def test_the_path_chooses_the_stream(post):
    post(MAIL, "/bulk/api/send")
    assert Submission.objects.get().stream == "bulk"


def test_a_batch_is_json_alone(post):
    assert post(MAIL, "/api/batch").status_code == 415


@pytest.mark.parametrize(
    ("body", "query", "status", "error"),
    [
        (b"\r\n", {}, 400, "'from' is required"),
        (b"To: rita@far.test\r\n\r\nHi", {}, 400, "'from' is required"),
        (b"From: alice\r\n\r\nHi", {}, 400, "'from' address is invalid"),
        (b"From: alice@example.test\r\n" + MAIL, {}, 400, "'from' is invalid"),
        (b"From: alice@elsewhere.test\r\nTo: r@far.test\r\n\r\nHi", {}, 401, "Unauthorized"),
        (
            b"From: alice@example.test, a@b.test\r\nTo: r@far.test\r\n\r\n",
            {},
            401,
            "'From' header does not match the sender's domain",
        ),
        (b"From: alice@example.test\r\n\r\nHi", {}, 400, "'to', 'cc' or 'bcc' address is required"),
        (b"Cc: nonsense\r\n" + MAIL, {}, 400, "address is invalid in 'cc'"),
        (MAIL, {"to": ["a@far.test", "nonsense"]}, 400, "address is invalid in 'to' 1"),
        (MAIL, {"to": ["a@far.test"] * 1001}, 400, "'to' has more than 1000 addresses"),
        (b"no field\r\n" + MAIL, {}, 400, "'headers' is invalid"),
        (MAIL + b"\0", {}, 400, "the message is malformed: Message content holds a NUL octet"),
        (MAIL + b"a\rb", {}, 400, "the message is malformed: Message content holds a bare CR; lines must end in CRLF"),
        (
            MAIL + b"a" * 999,
            {},
            400,
            "the message is malformed: Message content has a line beyond 998 octets; encode it as quoted-printable",
        ),
        (
            b"X-A: a\r\n" * 140_000 + MAIL,
            {},
            400,
            "the message is malformed: Message header is larger than 1048576 octets",
        ),
    ],
)
def test_what_is_wrong_has_the_words_of_the_contract(post, body, query, status, error):
    answer = post(body, **query)
    content = answer.json()
    assert (answer.status_code, content["success"], content["errors"]) == (status, False, [error])
    assert len(content["codes"]) == len(content["details"]) == 1
    assert not Submission.objects.exists()


def test_its_size_is_that_of_any_message(post, settings):
    settings.MESSAGE_MAX_BYTES = 1000
    assert post(MAIL + b"a\r\n" * 300).status_code == 200
    assert post(MAIL + b"a\r\n" * 330).json()["errors"] == ["message too large"]
    assert post(MAIL + b"a\r\n" * 1000).json()["errors"] == ["message too large"]


LINES = st.sampled_from(
    [b"From: a@example.test", b"From: a@example.test, b@example.test", b"To: r@far.test", b"Cc: ", b"Bcc: x@far.test"]
) | st.binary(max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES, max_size=6), body=st.binary(max_size=80), query=st.lists(st.text(max_size=12), max_size=2))
def test_no_octets_give_an_error_of_ours(post, lines, body, query):
    answer = post(b"\r\n".join([*lines, b"", body]), **({"to": query} if query else {}))
    assert answer.status_code in (200, 400, 401), answer.content
    assert answer.json()["success"] is (answer.status_code == 200)
    json.dumps(answer.json())
