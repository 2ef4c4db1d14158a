"""What a customer writes in a review."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from domains.compliance.questionnaire import Question, questions
from domains.models import ComplianceReview

REPLY = "reply"


class AnswerForm(forms.Form):
    """The questionnaire unless it is answered already, and the question that staff asked, if they did."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, review: ComplianceReview, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = review.state_since.isoformat()
        if review.question:
            self.fields[REPLY] = forms.CharField(
                label=_("Your answer"),
                max_length=4000,
                widget=forms.Textarea(attrs={"rows": 5}),
                error_messages={"required": _("Your answer is missing.")},
            )
        elif not review.answers:
            for question in questions():
                self.fields[question.code] = _field(question)

    @property
    def answers(self) -> dict[str, str]:
        """Of a valid form, by the question's code."""
        return {code: value for code, value in self.cleaned_data.items() if code not in (REPLY, "seen")}


class AppealForm(forms.Form):
    """Why a rejection is wrong."""

    why = forms.CharField(
        label=_("Why is this wrong?"),
        max_length=4000,
        help_text=_("Say what you send and what we got wrong. A person reads it, together with all that you answered."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Say what we got wrong, so that a person can look at it.")},
    )


def _field(question: Question) -> forms.Field:
    shared: dict[str, Any] = {"label": gettext(question.label)}
    if question.choices:
        choices = [(code, gettext(words)) for code, words in question.choices]
        missing = {"required": _("Choose one of these.")}
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, error_messages=missing, **shared)
    rows = 1 if question.most_letters <= 300 else 3
    widget = forms.TextInput() if rows == 1 else forms.Textarea(attrs={"rows": rows})
    return forms.CharField(
        max_length=question.most_letters,
        help_text=gettext(question.hint),
        widget=widget,
        error_messages={"required": _("An answer is missing. A sentence is enough.")},
        **shared,
    )
