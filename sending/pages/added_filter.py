"""The form by which one filter more is added to the email log: which one, its operator, its value."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from sending.pages import filter_words
from sending.pages.filter_words import FILTERS, WHOLE, WITHOUT_VALUE, Words
from sending.pages.log_filters import is_day

DATES = ("after", "until")


@dataclass(frozen=True, slots=True)
class Control:
    """How the value of the chosen filter is given: "text", "number", "date", "choices" or "" for no value."""

    key: str
    """The filter's name in the address."""
    kind: str
    label: str
    choices: list[tuple[str, Words]]
    hint: Words = ""
    problem: str = ""


def groups() -> list[tuple[Words, list[tuple[str, str]]]]:
    """All that can be added: groups of (name in the address, words)."""
    days = [("after", _("Sent on or after")), ("until", _("Sent on or before"))]
    return [*filter_words.offered(), (_("Day"), days)]


def read_added(
    asked: QueryDict, account_id: int, domain_ids: Collection[int] | None = None
) -> tuple[Control, dict[str, str]]:
    """What the form shows next, and the filter that it asks for: none while its value is missing or wrong."""
    key = asked.get("add", "")
    if key not in DATES and not filter_words.is_filter(key):
        key = "to.ci_contain"
    given = [one.strip()[: filter_words.MOST_CHARACTERS] for one in asked.getlist("value") if one.strip()]
    control = _control(key, account_id, domain_ids)
    if control.kind == "":
        return control, {key: "yes"} if "add" in asked else {}
    if not given or "add" not in asked:
        return control, {}
    value, problem = _value(control, given)
    if problem:
        return Control(control.key, control.kind, control.label, control.choices, control.hint, problem), {}
    return control, {key: value}


def _control(key: str, account_id: int, domain_ids: Collection[int] | None) -> Control:
    if key in DATES:
        return Control(key, "date", _("Day"), [])
    name, _dot, operator = key.partition(".")
    one = FILTERS["sending_domain_id" if name == "domain_id" else name]
    if operator in WITHOUT_VALUE:
        return Control(key, "", "", [])
    if one.choices is not None:
        choices: Mapping[str, Words] = one.choices or filter_words.domain_names(account_id, domain_ids)
        return Control(key, "choices", str(one.label), list(choices.items()))
    hint = one.hint
    if not hint and operator in WHOLE and not one.is_one_value and one.kind == "text":
        hint = _("Several with commas between them")
    return Control(key, one.kind, _("Value"), [], hint)


def _value(control: Control, given: Iterable[str]) -> tuple[str, str]:
    """The value as the address holds it, and what is wrong with it. Without scripts a choice may be typed."""
    text = ",".join(given)
    if control.kind == "number" and not (text.isascii() and text.isdecimal()):
        return "", _("“%(value)s” is not a number. Type one, such as 3.") % {"value": text[:40]}
    if control.kind == "date" and not is_day(text):
        return "", _("“%(value)s” is not a day. Choose one.") % {"value": text[:40]}
    if control.kind == "choices":
        known = {str(word).lower(): value for value, word in control.choices}
        known |= {value.lower(): value for value, _word in control.choices}
        chosen = [known.get(part.strip().lower(), "") for part in text.split(",")]
        if not all(chosen):
            return "", _("“%(value)s” is none of the choices. Choose one.") % {"value": text[:40]}
        return ",".join(dict.fromkeys(chosen)), ""
    if control.key.startswith("custom_variable.") and not text.partition("=")[2]:
        return "", _("Write the name and the value with “=” between them, such as order=58213.")
    return text, ""
