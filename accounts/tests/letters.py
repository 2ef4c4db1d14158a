"""Reading what was sent."""

import re

from django.core.mail import EmailMessage, EmailMultiAlternatives

from accounts.links import Link, read_link


def html_of(message: EmailMessage) -> str:
    """The HTML that says the same as the text."""
    assert isinstance(message, EmailMultiAlternatives)
    [alternative] = message.alternatives
    assert alternative[1] == "text/html"
    return str(alternative[0])


def link_of(message: EmailMessage) -> Link:
    """The one link of its text to a page, as it was signed."""
    [token] = re.findall(r"^http://localhost:8020/l/(\S+)/$", str(message.body), re.MULTILINE)
    return read_link(token)
