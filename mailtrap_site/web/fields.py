"""How a form's field is drawn: its control gets the class, the ids of hint and error, and nothing else is guessed."""

from typing import Any

from django import forms
from django.forms import BoundField


def field_context(
    bound: BoundField,
    *,
    hint: str = "",
    note: str = "",
    question: str = "",
    aside: str = "",
    large: bool = False,
    toggle: bool = False,
    **attributes: Any,
) -> dict[str, Any]:
    """What `components/field.html` needs. `note`: put right for you; `question`: did you mean …?

    `aside` stands beside the label. Other keywords become attributes of the control; `_` stands for `-`.
    """
    widget = bound.field.widget
    hint = hint or str(bound.help_text or "")
    kind = _kind(widget)
    attrs: dict[str, Any] = {name.replace("_", "-"): value for name, value in attributes.items()}
    described = [f"{bound.auto_id}_{part}" for part, shown in _notes(bound, hint, note, question) if shown]
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if toggle:
        attrs["role"] = "switch"
    if kind in ("input", "select", "textarea"):
        attrs["class"] = " ".join(filter(None, [widget.attrs.get("class", ""), kind, "input-large" if large else ""]))
    return {
        "field": bound,
        "kind": kind,
        "control": bound.as_widget(attrs=attrs),
        "hint": hint,
        "note": note,
        "question": question,
        "aside": aside,
    }


def _notes(bound: BoundField, hint: str, note: str, question: str) -> list[tuple[str, bool]]:
    return [
        ("error", bool(bound.errors)),
        ("hint", bool(hint) and not bound.errors),
        ("note", bool(note)),
        ("question", bool(question)),
    ]


def _kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, forms.CheckboxInput):
        return "choice"
    if isinstance(widget, forms.Select):
        return "select"
    if isinstance(widget, forms.Textarea):
        return "textarea"
    return "hidden" if widget.is_hidden else "input"
