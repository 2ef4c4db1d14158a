"""Delivery reports and complaints in the forms that servers send them; hostile mail is read as nothing."""

from base64 import encodebytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.replies.reports import Kind, read_report

HEAD = "From: MAILER-DAEMON@far.test\r\nTo: b-x@mt1.example.test\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
BORDER = "B0"


def report(*parts, kind="delivery-status"):
    body = "".join(f"--{BORDER}\r\nContent-Type: {content}\r\n\r\n{text}\r\n" for content, text in parts)
    head = f'{HEAD}Content-Type: multipart/report; report-type={kind}; boundary="{BORDER}"\r\n\r\n'
    return f"{head}{body}--{BORDER}--\r\n".encode()


def status(*fields, mta="dns; mx.far.test"):
    return "message/delivery-status", f"Reporting-MTA: {mta}\r\n\r\n" + "\r\n".join(fields) + "\r\n"


WORDS = ("text/plain", "Your mail could not be delivered.")
COPY = ("message/rfc822", "From: news@example.test\r\nSubject: Hello\r\n\r\nHello\r\n")
FAILED = ("Final-Recipient: rfc822; rita@far.test", "Action: failed")


def test_a_report_in_the_words_of_postfix():
    fields = (
        *FAILED,
        "Status: 5.1.1",
        "Remote-MTA: dns; MX2.far.test",
        "Diagnostic-Code: smtp; 550 5.1.1 <rita@far.test>: Recipient address rejected:\r\n    User unknown",
    )
    read = read_report(report(WORDS, status(*fields), COPY))
    assert (read.kind, read.remote_mta, read.reporting_mta) == (Kind.FAILED, "mx2.far.test", "mx.far.test")
    assert read.reply.code == 550
    assert read.reply.enhanced == "5.1.1"
    assert "Recipient address rejected: User unknown" in read.reply.text


@pytest.mark.parametrize(
    ("fields", "code", "enhanced"),
    [
        (("Status: 5.2.2",), 550, "5.2.2"),
        (("Status: 5.0.0", "Diagnostic-Code: smtp; 552 Mailbox full"), 552, "5.0.0"),
        (("Status: 4.4.7", "Diagnostic-Code: X-Postfix; delivery temporarily suspended"), 450, "4.4.7"),
        (("Diagnostic-Code: smtp;550-5.7.1 Blocked",), 550, "5.7.1"),
    ],
)
def test_the_answer_comes_from_the_diagnosis_or_else_from_the_status(fields, code, enhanced):
    read = read_report(report(WORDS, status(*FAILED, *fields)))
    assert (read.kind, read.reply.code, read.reply.enhanced) == (Kind.FAILED, code, enhanced)


@pytest.mark.parametrize(
    ("action", "kind"),
    [("delayed", Kind.DELAYED), ("delivered", Kind.OTHER), ("relayed", Kind.OTHER), ("expanded", Kind.OTHER)],
)
def test_only_a_failure_is_one(action, kind):
    assert read_report(report(WORDS, status("Final-Recipient: rfc822; r@far.test", f"Action: {action}"))).kind is kind


def test_a_report_without_the_right_outer_type_is_read_all_the_same():
    mail = report(WORDS, status(*FAILED, "Status: 5.1.1"), COPY).replace(b"multipart/report", b"multipart/mixed")
    assert read_report(mail).kind is Kind.FAILED


def test_an_encoded_status_part_is_read_all_the_same():
    text = "Reporting-MTA: dns; mx.far.test\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    part = "message/delivery-status\r\nContent-Transfer-Encoding: base64", encodebytes(text.encode()).decode()
    read = read_report(report(WORDS, part))
    assert (read.kind, read.reply.enhanced) == (Kind.FAILED, "5.1.1")


def test_a_complaint():
    fields = "Feedback-Type: abuse\r\nUser-Agent: Yahoo!-Mail-Feedback/2.0\r\nVersion: 1\r\n"
    read = read_report(report(WORDS, ("message/feedback-report", fields), COPY, kind="feedback-report"))
    assert (read.kind, read.feedback_type) == (Kind.COMPLAINT, "abuse")


def test_a_reader_who_takes_it_back_does_not_complain():
    part = "message/feedback-report", "Feedback-Type: not-spam\r\nVersion: 1\r\n"
    assert read_report(report(WORDS, part, kind="feedback-report")).kind is Kind.OTHER


def test_a_bounce_in_no_standard_form():
    """As qmail has written them since 1996."""
    text = (
        "Hi. This is the qmail-send program at far.test.\r\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n"
        "<rita@far.test>:\r\n192.0.2.7 does not like recipient.\r\nRemote host said: 550 5.1.1 User unknown\r\n"
        "Giving up on 192.0.2.7.\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nSubject: Hello\r\n"
    )
    read = read_report(f"{HEAD}\r\n{text}".encode())
    assert (read.kind, read.reply.enhanced) == (Kind.FAILED, "5.1.1")


@pytest.mark.parametrize("header", ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Subject: I am on holiday"])
def test_an_answering_machine_is_no_bounce(header):
    mail = f"From: rita@far.test\r\n{header}\r\n\r\nI am away and cannot be delivered, 550 5.1.1 of me.\r\n"
    assert read_report(mail.encode()).kind is Kind.OTHER


@given(st.binary(max_size=600))
def test_anything_at_all_is_read_without_harm(octets):
    assert read_report(octets).kind in Kind


@given(st.binary(max_size=200))
def test_any_fields_at_all_are_read_without_harm(octets):
    mail = report(WORDS, status(*FAILED)).replace(b"Action: failed", b"Action: failed\r\n" + octets)
    assert read_report(mail).kind in Kind


def test_a_mail_of_a_thousand_parts_is_not_read_to_its_end():
    many = report(*[WORDS] * 1000, status(*FAILED, "Status: 5.1.1"))
    assert read_report(many).kind is Kind.OTHER
