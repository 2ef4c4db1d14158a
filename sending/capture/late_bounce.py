"""The simulator's server that takes a mail and sends it back later: a real report (RFC 3464) to the return path, over
SMTP and through our own mx."""

import smtplib
import threading
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import formatdate

import structlog
from django.conf import settings

from sending.protocol.smtp_path import Path

log = structlog.get_logger(__name__)

DELAY = 2.0
"""Seconds after the delivery."""
TIMEOUT = 10.0
SERVER = "mx.simulator.test"


def send_back_later(return_path: str, recipient: Path) -> None:
    """Sends the report in a while, from a thread of its own; at most once, since no report is worth a second try."""
    timer = threading.Timer(DELAY, _send, [return_path, report(return_path, recipient.address)])
    timer.daemon = True
    timer.start()


def report(return_path: str, recipient: str) -> bytes:
    """The report as such servers write it: for people, for machines, and no copy of the mail."""
    mail = MIMEMultipart("report", policy=SMTP)
    mail.set_param("report-type", "delivery-status")
    mail["From"] = f"Mail Delivery System <mailer-daemon@{SERVER}>"
    mail["To"] = return_path
    mail["Subject"] = "Undelivered Mail Returned to Sender"
    mail["Date"] = formatdate()
    mail["Auto-Submitted"] = "auto-replied"
    mail.attach(MIMEText(f"I took your mail to {recipient}, and found nobody of that name.\n"))
    status = MIMENonMultipart("message", "delivery-status", policy=SMTP)
    about_mail, about_recipient = Message(), EmailMessage()
    about_mail["Reporting-MTA"] = f"dns; {SERVER}"
    about_recipient["Final-Recipient"] = f"rfc822; {recipient}"
    about_recipient["Action"] = "failed"
    about_recipient["Status"] = "5.1.1"
    about_recipient["Diagnostic-Code"] = "smtp; 550 5.1.1 No such user here, found out late"
    status.set_payload([about_mail, about_recipient])
    mail.attach(status)
    return mail.as_bytes()


def _send(return_path: str, mail: bytes) -> None:
    environment = settings.ENVIRONMENT
    try:
        with smtplib.SMTP(environment.mx_host, environment.mx_port, SERVER, TIMEOUT) as session:
            session.sendmail("", [return_path], mail)
    except (OSError, smtplib.SMTPException) as problem:
        log.warning("late_bounce_failed", problem=str(problem))
