"""The style guide: each component in each state. Shown where DEBUG is on."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mailtrap_site.web import statuses
from mailtrap_site.web.charts import Bar, Series, StackedChart
from mailtrap_site.web.icons import ICONS

COLOURS = (
    "page",
    "surface",
    "surface-sunk",
    "surface-hover",
    "surface-press",
    "line",
    "line-strong",
    "text",
    "text-quiet",
    "text-faint",
    "accent",
    "accent-soft",
    "good",
    "good-soft",
    "warn",
    "warn-soft",
    "bad",
    "bad-soft",
    "away",
    "away-soft",
    "chart-1",
    "chart-1-soft",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A postmark with its sentence, as the message page opens."""

    state: str
    sentence: str
    support: str


ANSWERS = (
    Answer(
        "delivered", "Delivered to dana.okafor@northwind.example", "aspmx.l.google.com took it 2.1 s after you sent it."
    ),
    Answer(
        "deferred", "Deferred: posteo.example asks us to come back later", "Trying again at 09:45; 2 of 11 tries used."
    ),
    Answer("sending", "Sending to h.lindqvist@nordlys.example", "Talking to mx.nordlys.example for 1.2 s."),
    Answer(
        "uncertain",
        "Uncertain: the line dropped before the answer",
        "It may have arrived. Your setting says “ask me”, so nothing is sent again until you choose.",
    ),
)


class SampleForm(forms.Form):
    """One field of each kind; `clean_wrong` shows an error."""

    hint = forms.CharField(label="Domain", help_text="The part after the @ of your From address.")
    wrong = forms.CharField(label="Domain")
    put_right = forms.CharField(label="Domain")
    question = forms.EmailField(label="Work email")
    fixed = forms.CharField(label="Stream", disabled=True)
    chosen = forms.ChoiceField(label="Status", choices=[("", "Any status"), ("bounced", "Bounced")], required=False)
    words = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}))
    opens = forms.BooleanField(label="Track opens", required=False)
    lost = forms.ChoiceField(
        label="When the answer was lost",
        choices=[("again", "Send again"), ("ask", "Ask me")],
        widget=forms.RadioSelect,
    )
    footer = forms.BooleanField(label="Unsubscribe footer", required=False)
    clicks = forms.BooleanField(label="Click tracking", required=False)

    def clean_wrong(self) -> str:
        raise forms.ValidationError(
            "gmail.com belongs to Google, so you cannot prove it is yours. Add a domain whose DNS you manage."
        )


def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component with made-up content; reads nothing."""
    now = timezone.now()
    context: dict[str, Any] = {
        "colours": COLOURS,
        "icons": ICONS,
        "messages_states": list(statuses.MESSAGES),
        "record_states": ["pass", "missing", "fail", "network_error"],
        "thing_states": list(statuses.THINGS),
        "answers": ANSWERS,
        "form": _sample_form(),
        "resets": now + timedelta(days=8),
        "chart": _sample_chart(),
        "line": [4, 9, 6, 20, 13, 24, 17, 28, 20],
        "columns": [4, 3, 2, 7, 14, 25, 31, 19, 12, 16, 23],
        "ago": {
            "seconds": now - timedelta(seconds=12),
            "minutes": now - timedelta(minutes=24),
            "days": now - timedelta(days=3),
            "ahead": now + timedelta(minutes=4),
        },
    }
    return render(request, "styleguide.html", context)


def _sample_form() -> SampleForm:
    form = SampleForm(
        {
            "hint": "orders.brightwater.example",
            "wrong": "gmail.com",
            "put_right": "brightwater.example",
            "question": "priya@brightwater.exmaple",
            "words": "They asked us to stop.",
            "opens": "on",
            "lost": "again",
            "footer": "on",
        },
        initial={"fixed": "Transactional"},
        auto_id="sample_%s",
    )
    form.full_clean()
    return form


def _sample_chart() -> StackedChart:
    series = (
        Series("delivered", "Delivered"),
        Series("deferred", "Deferred"),
        Series("bounced", "Bounced"),
        Series("rejected", "Rejected"),
    )
    days = {"Mon": (310, 36, 28, 0), "Tue": (420, 0, 18, 44), "Wed": (390, 24, 44, 0), "Thu": (432, 0, 14, 0)}
    bars = [Bar(day, values, href=f"#{day}") for day, values in days.items()]
    return StackedChart("Emails by result, Monday to Friday", series, (*bars, Bar("Fri", (262, 64, 26, 22))))
