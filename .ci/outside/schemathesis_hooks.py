"""What schemathesis cannot guess: a sender whose domain is ours, and a recipient, so that valid mail is accepted.

Environment: FROM, TO.
"""

import os

import schemathesis

MAILBOXES = {"from": {"email": os.environ["FROM"]}, "to": [{"email": os.environ["TO"]}], "cc": [], "bcc": []}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Half of what is meant to be valid gets them; what is meant to be wrong stays so."""
    body = case.body
    if not isinstance(body, dict) or not case.meta or not case.meta.generation.mode.is_positive or len(str(body)) % 2:
        return
    for mail in body.get("requests", [body]):
        if isinstance(mail, dict):
            mail.update(MAILBOXES)
            mail.pop("template_uuid", None)
