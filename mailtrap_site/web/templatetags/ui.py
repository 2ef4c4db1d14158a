"""The components as template tags, loaded everywhere; `docs/interface.md` shows the call of each."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mailtrap_site.web import charts, statuses
from mailtrap_site.web.browsers import browser_words
from mailtrap_site.web.fields import field_context
from mailtrap_site.web.icons import ICONS
from mailtrap_site.web.wording import (
    WhenStyle,
    duration_words,
    exact_words,
    figure_words,
    percent_words,
    size_words,
    time_words,
)

register = template.Library()

register.filter("figure", figure_words)
register.filter("percent", percent_words)
register.filter("duration", duration_words)
register.filter("size", size_words)
register.filter("browser_words", browser_words)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon; with a label it is an image of that name, without one it is decoration."""
    drawing = SafeString(ICONS[name])
    if label:
        return format_html('<svg class="icon" viewBox="0 0 16 16" role="img" aria-label="{}">{}</svg>', label, drawing)
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', drawing)


@register.inclusion_tag("components/wordmark.html")
def wordmark(url: str = "/") -> dict[str, Any]:
    return {"url": url, "name": getattr(settings, "SITE_NAME", "Mailtrap")}


@register.inclusion_tag("components/postmark.html")
def postmark(name: str, tone: str = "accent") -> dict[str, Any]:
    """A double ring round an icon, with three waves: only beside an answer."""
    return {"drawing": SafeString(ICONS[name]), "tone": tone}


# Statuses


@register.simple_tag
def badge(word: str, name: str = "", tone: str = "neutral", kept: bool = False) -> SafeString:
    """`kept` keeps the ground of a good badge inside a table."""
    return format_html(
        '<span class="badge{}" data-tone="{}">{}{}</span>',
        " badge-kept" if kept else "",
        tone,
        name and icon(name),
        word,
    )


@register.simple_tag
def message_status(state: str, kept: bool = False) -> SafeString:
    return _look_badge(statuses.look(statuses.MESSAGES, state), kept)


@register.simple_tag
def record_status(state: str) -> SafeString:
    return _look_badge(statuses.look(statuses.RECORDS, state), kept=True)


@register.simple_tag
def thing_status(state: str, kept: bool = False) -> SafeString:
    return _look_badge(statuses.look(statuses.THINGS, state), kept)


@register.simple_tag
def message_postmark(state: str) -> SafeString:
    """The postmark of a message's state."""
    look = statuses.look(statuses.MESSAGES, state)
    return SafeString(render_to_string("components/postmark.html", postmark(look.icon, look.tone)))


def _look_badge(look: statuses.Look, kept: bool) -> SafeString:
    return badge(str(look.word), look.icon, look.tone, kept)


# Words


@register.simple_tag
def when(moment: datetime | None, style: WhenStyle = "relative") -> SafeString:
    """A `<time>` in the reader's zone; nothing is a dash. `style`: relative, clock, day, exact."""
    if moment is None:
        return SafeString("–")
    zone = timezone.get_current_timezone()
    return format_html(
        '<time datetime="{}" title="{}" data-when="{}">{}</time>',
        moment.isoformat(),
        exact_words(moment, zone),
        style,
        time_words(moment, timezone.now(), zone, style),
    )


# Forms and controls


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, **options: Any) -> dict[str, Any]:
    """A form's field with label, hint or error. Options: hint, note, question, aside, large, toggle, placeholder …"""
    return field_context(bound, **options)


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """What is wrong with the form as a whole."""
    return {"errors": form.non_field_errors() if form is not None else []}


@register.inclusion_tag("components/copyable.html")
def copyable(value: str, label: str = "") -> dict[str, Any]:
    """Code with a button; `label` finishes "Copy …" for who cannot see the row."""
    return {"value": value, "label": label or _("the value")}


@register.inclusion_tag("components/copy_button.html")
def copy_button(target_id: str, word: str = "", label: str = "", primary: bool = False) -> dict[str, Any]:
    """A whole button that copies the text of the element with this id."""
    return {"target_id": target_id, "word": word or _("Copy"), "label": label, "primary": primary}


@register.inclusion_tag("components/secret.html")
def secret(value: str, label: str = "", once: bool = True) -> dict[str, Any]:
    """A secret in a frame; `once` says that it is shown only now."""
    return {"value": value, "label": label or _("the secret"), "once": once}


@register.inclusion_tag("components/chip.html")
def chip(sentence: str, remove_url: str) -> dict[str, Any]:
    return {"sentence": sentence, "remove_url": remove_url}


@register.inclusion_tag("components/tab.html")
def tab(word: str, url: str, current: bool = False, count: int | None = None) -> dict[str, Any]:
    """One link of `<nav class="tabs">` or `<nav class="segments">`."""
    return {"word": word, "url": url, "current": current, "count": count}


@register.inclusion_tag("components/crumb.html")
def crumb(word: str, url: str = "") -> dict[str, Any]:
    return {"word": word, "url": url}


@register.inclusion_tag("components/paging.html")
def paging(sentence: str, newer_url: str = "", older_url: str = "", keys: bool = False) -> dict[str, Any]:
    """Newer and Older; a missing URL is an end."""
    return {"sentence": sentence, "newer_url": newer_url, "older_url": older_url, "keys": keys}


# Figures


@register.inclusion_tag("components/meter.html")
def meter(
    used: int,
    limit: int,
    *,
    resets: date | datetime | None = None,
    forecast: int | None = None,
    thin: bool = False,
    noun: str = "",
    text: bool = True,
) -> dict[str, Any]:
    """`forecast` is where the period ends at this pace; it is hatched. `thin` has no ticks, labels or text."""
    used_percent = charts.percent(used, limit)
    ahead = max(charts.percent(forecast, limit) - used_percent, 0.0) if forecast else 0.0
    return {
        "used": used,
        "limit": limit,
        "percent": used_percent,
        "ahead": round(ahead, 2),
        "level": charts.meter_level(used, limit),
        "resets": resets,
        "thin": thin,
        "text": text and not thin,
        "noun": noun or _("emails"),
    }


@register.inclusion_tag("components/progress.html")
def progress(words: str, percent: float | None = None, quiet: bool = False) -> dict[str, Any]:
    """Without a percent nobody knows how long it takes."""
    return {"words": words, "percent": percent, "quiet": quiet}


@register.inclusion_tag("components/threshold.html")
def threshold(value: float, watch: float, act: float, *, highest: float, label: str = "") -> dict[str, Any]:
    """Three zones with a mark at the value; all in one unit."""
    first, second = charts.percent(watch, highest), charts.percent(act, highest)
    return {
        "mark": charts.percent(value, highest),
        "watch": first,
        "act": second,
        "watch_width": round(second - first, 2),
        "act_width": round(100 - second, 2),
        "label": label,
    }


@register.simple_tag
def spark(values: Sequence[int], label: str, shape: str = "bars", tone: str = "") -> SafeString:
    """A sparkline of bars or of a line; `label` tells what it shows."""
    draw = charts.spark_line if shape == "line" else charts.spark_bars
    return SafeString(draw(values, label=label, tone=tone))


@register.inclusion_tag("components/chart.html")
def chart(drawn: charts.StackedChart, legend: bool = True) -> dict[str, Any]:
    """The chart, its legend and the same numbers as a table."""
    return {"chart": drawn, "svg": SafeString(drawn.svg), "legend": legend}


# Blocks


@register.simple_block_tag
def notice(content: str, heading: str, tone: str = "neutral", url: str = "", action: str = "") -> str:
    """A bold fact with one sentence; at most one button (`url` and `action`)."""
    marks = {"good": "tick-circle", "warn": "triangle", "bad": "barred"}
    context = {"content": content, "heading": heading, "tone": tone, "url": url, "action": action}
    return render_to_string("components/notice.html", context | {"mark": marks.get(tone, "info")})


@register.simple_block_tag
def empty(content: str, heading: str, name: str = "mail", smaller: bool = False) -> str:
    """What appears here, why it helps, one way to start. `smaller`: nothing matches."""
    context = {"content": content, "heading": heading, "name": name, "smaller": smaller}
    return render_to_string("components/empty.html", context)


@register.simple_block_tag
def step(content: str, number: int, heading: str, state: str = "current", note: str = "", **options: str) -> str:
    """A step of a wizard: done, current or later; only the current one shows its content. Options: id, url, action."""
    context = {"content": content, "number": number, "heading": heading, "state": state, "note": note}
    return render_to_string("components/step.html", context | options)


@register.simple_block_tag
def event(content: str, moment: datetime, name: str, tone: str = "neutral", style: WhenStyle = "clock") -> str:
    """A line of `<ol class="timeline">`: the content begins with the bold participle, `<details>` may follow it."""
    context = {"content": content, "moment": moment, "name": name, "tone": tone, "style": style}
    return render_to_string("components/event.html", context)


@register.simple_block_tag
def dialog(content: str, id: str, heading: str) -> str:
    """A native dialog; opened by `data-dialog="<id>"` on a link or button. Finish with `<div class="dialog-foot">`."""
    return render_to_string("components/dialog.html", {"content": content, "id": id, "heading": heading})
