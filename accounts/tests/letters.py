"""Reading what was sent."""

from django.core.mail import EmailMessage, EmailMultiAlternatives


def html_of(message: EmailMessage) -> str:
    """The HTML that says the same as the text."""
    assert isinstance(message, EmailMultiAlternatives)
    [alternative] = message.alternatives
    assert alternative[1] == "text/html"
    return str(alternative[0])
