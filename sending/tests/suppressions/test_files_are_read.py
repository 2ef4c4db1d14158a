"""Files of other services are read as they are; whatever is in a file, each entry is taken or named with its fault."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sending.suppressions.import_lines import BadLine, File, FileRefused, Line, decode, moment_of
from sending.suppressions.line_words import line_words

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def read(text, skip=0):
    return list(File(text).lines(skip, NOW))


def only(text):
    (line,) = read(text)
    assert isinstance(line, Line), line
    return line


MAILTRAP = (
    "email,type,sending_stream,domain_name,created_at,bounce_category,response_code,response,rule,message_id\n"
    "rita@far.test,{type},bulk,Example.test,2025-06-27T07:56:17Z,badrecipient,550,No such user,,\n"
)


def test_mailtraps_export_and_ours():
    line = only(MAILTRAP.format(type="spam complaint"))
    assert (line.email, line.type, line.stream) == ("rita@far.test", "spam complaint", "bulk")
    assert line.domain == "example.test"
    assert line.created_at == datetime(2025, 6, 27, 7, 56, 17, tzinfo=UTC)
    assert line.evidence == {
        "bounce_category": "badrecipient",
        "response_code": "550",
        "esp_response": "No such user",
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("status,reason,email,created\n5.1.1,550 No such user,rita@far.test,1750000000\n", "hard bounce"),
        ("reason,email,created\nMail domain mentioned is unknown,rita@far.test,1750000000\n", "hard bounce"),
        ("email,created\nrita@far.test,1750000000\n", "unsubscription"),
        ("ip,email,created\n192.0.2.1,rita@far.test,1750000000\n", "spam complaint"),
        ('"Email","Reason"\n"rita@far.test","Bounced Address"\n', "hard bounce"),
        ("email,created,reason,status\nrita@far.test,2025-06-15 15:06:40,550 No,5.1.1\n", "hard bounce"),
    ],
)
def test_sendgrids_exports(text, kind):
    line = only(text)
    assert (line.email, line.type) == ("rita@far.test", kind)
    if "created" in text.partition("\n")[0]:
        assert line.created_at == datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "origin", "kind"),
    [
        ("HardBounce", "Recipient", "hard bounce"),
        ("SpamComplaint", "Recipient", "spam complaint"),
        ("ManualSuppression", "Recipient", "unsubscription"),
        ("ManualSuppression", "Customer", "manual import"),
        ("ManualSuppression", "Admin", "manual import"),
    ],
)
def test_postmarks_dump(reason, origin, kind):
    line = only(
        f"EmailAddress,SuppressionReason,Origin,CreatedAt\nrita@far.test,{reason},{origin},2025-06-15T11:06:40-04:00\n"
    )
    assert (line.email, line.type) == ("rita@far.test", kind)
    assert line.created_at == datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('address,code,error,created_at\nrita@far.test,550,"No, ""really""\nnot",%s\n', "hard bounce"),
        ('address,tags,created_at\nrita@far.test,"[""*""]",%s\n', "unsubscription"),
        ("address,created_at\nrita@far.test,%s\n", "spam complaint"),
    ],
)
@pytest.mark.parametrize("moment", ['"Sun, 15 Jun 2025 15:06:40 GMT"', "2025-06-15 15:06:40 UTC"])
def test_mailguns_exports(text, kind, moment):
    line = only(text % moment)
    assert (line.email, line.type) == ("rita@far.test", kind)
    assert line.created_at == datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "rita@far.test\nbob@far.test\n",
        "rita@far.test;x\nbob@far.test;y",
        "Name\tE-Mail\nRita\tRITA@far.test\nBob\tBob <bob@FAR.test>\n",
        "\n\n  \nemail\r\nrita@far.test\r\n\r\nbob@far.test\r\n",
    ],
)
def test_a_plain_list_leaves_the_reason_to_the_form(text):
    assert [(line.email, line.type, line.stream) for line in read(text)] == [
        ("rita@far.test", "", ""),
        ("bob@far.test", "", ""),
    ]


def test_bad_lines_are_named_by_their_number_and_what_is_wrong():
    text = (
        "email,type,sending_stream\nnobody,hard bounce,bulk\nrita@far.test,soft,bulk\nrita@far.test,spam,sms\n"
        'ok@far.test,spam,bulk\n"x@far\n.test",spam,bulk\nlate@far.test\n' + "x" * 200_000 + ",spam\n,,\n"
    )
    found = [
        line_words(one.number, one.text, one.code, one.detail) if isinstance(one, BadLine) else one.email
        for one in read(text)
    ]
    assert found == [
        (2, "nobody", "The address has no @ sign."),
        (3, "soft", "This reason is not known. Use hard bounce, unsubscription, spam complaint or manual."),
        (4, "sms", "This stream is not known. Use transactional, bulk or any."),
        "ok@far.test",
        (6, "x@far\ufffd.test", "The domain has characters that are not allowed in a domain name."),
        "late@far.test",
        (9, "", "The line cannot be read: a cell is too long, or a quotation mark is not closed."),
    ]


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty"), ("\n \n,,\n", "empty"), ("Name,Phone\nRita,1\n", "no_addresses")]
)
def test_a_file_without_addresses_is_refused_as_a_whole(text, code):
    with pytest.raises(FileRefused) as refused:
        File(text)
    assert refused.value.code == code


def test_what_spreadsheets_make_of_a_file_is_read():
    for octets in ("email\nrità@far.test\n".encode("utf-16"), "\ufeffemail\nrità@far.test\n".encode()):
        assert only(decode(octets)).email == "rità@far.test"
    assert [type(one) for one in read(decode(b"email\nrit\xe0@far.test\n"))] == [Line]
    assert only("email\n'+rita@far.test\n").email == "+rita@far.test"


def test_dates_that_make_no_sense_never_cost_an_entry():
    for odd in ("yesterday", "", "0001-01-01T00:00:00+23:00", "9" * 13, "٣", "Sun, 99 Jun 2025", "-1"):
        found = moment_of(odd, NOW)
        assert found is None or found <= NOW


CELLS = st.one_of(st.text(max_size=30), st.sampled_from(["rita@far.test", "hard bounce", '"', "\0", "2025-01-01"]))


@settings(max_examples=300, deadline=None)
@given(
    heads=st.sampled_from(["", "email,type,created_at\n", "EmailAddress,SuppressionReason\n", "address;code;error\n"]),
    rows=st.lists(st.lists(CELLS, max_size=5), max_size=20),
    octets=st.binary(max_size=60),
)
def test_whatever_is_in_a_file_every_entry_is_taken_or_named(heads, rows, octets):
    text = decode(heads.encode() + "\n".join(",".join(row) for row in rows).encode() + b"\n" + octets)
    try:
        file = File(text)
    except FileRefused:
        return
    lines = list(file.lines(0, NOW))
    assert len(lines) == file.count()
    assert [one.number for one in lines] == sorted({one.number for one in lines})
    for one in lines:
        if isinstance(one, BadLine):
            assert line_words(one.number, one.text, one.code, one.detail)[2]
            assert "\0" not in one.text
        else:
            assert one.email == one.email.lower()
            assert "\0" not in "".join((one.email, *one.evidence.values()))
            assert one.created_at is None or one.created_at <= NOW
    half = len(lines) // 2
    assert list(file.lines(half, NOW)) == lines[half:]
