"""What the rules found, in the sentences of their file."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext

from sending.phishing.rules import rule_book


def sentence(finding: Mapping[str, Any]) -> str:
    """Of a finding as it is stored; the rule's name where the file has lost it."""
    text = rule_book().sentences.get(finding["rule"], "")
    try:
        return gettext(text) % finding["detail"] if text else str(finding["rule"])
    except KeyError:
        return str(finding["rule"])


def sentences(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each once, in their order."""
    return list(dict.fromkeys(sentence(one) for one in findings))
