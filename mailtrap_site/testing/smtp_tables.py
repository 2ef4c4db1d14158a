"""What is tried on servers and clients of SMTP: in the tests on parts, in the proof on a whole instance."""

from mailtrap_site.testing.fake_mx import CLOSE

FALSE_ENDS = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r.\n", b"\r\r\n.\n",
    b"\r\n\x00.\r\n", b"\r\n.\x00\r\n", b"\n\n.\n\n", b"\r\n.\r\r\n", b"\n\r.\n\r",
]  # fmt: skip
"""Octets that some servers take for the end of a content, and none may."""
SECOND_MAIL = b"MAIL FROM:<evil@b.test>\r\nRCPT TO:<victim@y.test>\r\nDATA\r\nevil\r\n"
"""What an attacker puts behind a false end."""

ODD_TEXTS = {
    "bare LF": "one\ntwo\n.\nthree\n",
    "bare CR": "one\rtwo\r.\rthree\r",
    "mixed ends": "one\r\ntwo\n\r.\n\r\nthree\r",
    "dot lines": ".\r\n..\r\n.three\r\n\r\n.\r\n",
    "dot at the end": "one\r\n.",
    "NUL": "one\0two\r\n\0.\r\n",
    "long line": "x" * 5_000 + "\r\n." + "y" * 2_000,
    "long line in another script": "ü" * 3_000,
    "false end and commands": "one\r\n.\r\nMAIL FROM:<evil@b.test>\r\nRCPT TO:<victim@y.test>\r\nDATA\r\n",
    "controls": "one\x0b\x0c\x1a\x7f\x85\u2028two\r\n",
}
"""Texts as a client of the API may give them."""

RELAY_SENDERS = ["somebody@far.test", "news@example.test", "rita@recipient.test", ""]
RELAY_RECIPIENTS = [
    "rita@recipient.test",
    "rita@example.test",
    "bounce@simulator.test",
    "postmaster@example.test",
    "a%b@platform.test",
]
"""Whom an mx has nothing to do with."""
RECIPIENT_FORMS = {
    "plain": "{id}@{domain}",
    "source route": "@platform.test:{id}@{domain}",
    "percent": "{id}%{domain}@platform.test",
    "bang path": "{domain}!{id}@platform.test",
    "bang path alone": "{domain}!{id}",
    "quoted": '"{id}@{domain}"@platform.test',
    "two at signs": "{id}@{domain}@platform.test",
    "address literal": "{id}@[127.0.0.1]",
    "no domain": "{id}",
}
"""Ways to write a recipient of `domain` that have opened relays before."""

MX_ANSWERS = [
    ({"CONNECT": "421 4.3.2 Busy"}, "deferred", "greeting", "relayfail"),
    ({"CONNECT": "554 5.3.2 Go away"}, "deferred", "greeting", "relayfail"),
    ({"CONNECT": CLOSE}, "deferred", "greeting", "transientfail"),
    ({"MAIL": "451 4.3.0 Try later"}, "deferred", "mail", "serverfail"),
    ({"MAIL": "550 5.7.1 Your network is on a blocklist"}, "bounced", "mail", "block"),
    ({"RCPT": "450 4.2.0 Greylisted, try again in 300 seconds"}, "deferred", "rcpt", "greylisting"),
    ({"RCPT": "451 4.7.1 Try later"}, "deferred", "rcpt", "serverpolicy"),
    ({"RCPT": "550 5.1.1 No such user"}, "bounced", "rcpt", "badrecipient"),
    ({"RCPT": "452 4.2.2 Mailbox full"}, "deferred", "rcpt", "overquota"),
    ({"DATA": "554 5.7.1 No"}, "bounced", "data", "serverpolicy"),
    ({"BODY": CLOSE}, "deferred", "content", "transientfail"),
    ({"DOT": "554 5.7.1 Looks like spam"}, "bounced", "final dot", "spam"),
    ({"DOT": "451 4.3.0 Try later"}, "deferred", "final dot", "serverfail"),
    ({"DOT": CLOSE}, "uncertain", "final dot", "transientfail"),
    ({"DOT": "not SMTP at all"}, "uncertain", "final dot", "transientfail"),
]
"""Answers of an exchanger; the status, phase and category that follow."""
