"""What the template tags draw."""

from datetime import UTC, datetime

import pytest
from django import forms
from django.template import Context, Template

from domains.records import RecordStatus
from mailtrap_site.web import statuses
from sending.models.message import MessageStatus


def draw(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


@pytest.mark.parametrize("status", MessageStatus.values)
def test_every_stored_status_of_a_message_has_its_look(status: str) -> None:
    assert statuses.MESSAGES[status].word == MessageStatus(status).label


@pytest.mark.parametrize("status", [status.value for status in RecordStatus])
def test_every_status_of_a_record_has_its_look(status: str) -> None:
    assert status in statuses.RECORDS


def test_a_status_is_icon_word_and_colour_together() -> None:
    badge = draw("{% message_status 'bounced' %}")
    assert "<svg" in badge
    assert "Bounced" in badge
    assert 'data-tone="bad"' in badge


def test_a_state_nobody_foresaw_is_shown_by_its_name() -> None:
    assert "teleported" in draw("{% message_status 'teleported' %}")


def test_what_a_stranger_wrote_is_escaped() -> None:
    hostile = '"><script>alert(1)</script>'
    sources = (
        "{% badge x %}",
        "{% copyable x x %}",
        "{% secret x %}",
        "{% chip x x %}",
        "{% crumb x x %}",
        "{% tab x x %}",
        "{% notice x url=x action=x %}{{ x }}{% endnotice %}",
        "{% empty x %}{{ x }}{% endempty %}",
        "{% step 1 x note=x %}{{ x }}{% endstep %}",
        "{% dialog 'd' x %}{{ x }}{% enddialog %}",
        "{% event moment 'check' %}{{ x }}{% endevent %}",
        "{% paging x x x %}",
        "{% spark numbers x %}",
    )
    for source in sources:
        assert "<script" not in draw(source, x=hostile, moment=datetime.now(UTC), numbers=[1, 2]), source


def test_the_meter_says_its_numbers_and_hatches_what_is_ahead() -> None:
    meter = draw("{% meter 8214 10000 forecast=11800 %}")
    assert 'role="meter"' in meter
    assert 'aria-valuenow="8214"' in meter
    assert 'data-level="watch"' in meter
    assert '<rect class="fill" width="82.14%"' in meter
    assert '<rect class="ahead" x="82.14%" width="17.86%"' in meter
    assert "<b>8,214</b> of 10,000 emails" in meter


def test_the_thin_meter_has_neither_ticks_nor_text() -> None:
    meter = draw("{% meter 10 100 thin=True %}")
    assert 'role="meter"' in meter
    assert "meter-ticks" not in meter
    assert "meter-text" not in meter


def test_copying_is_named_by_what_is_copied() -> None:
    button = draw("{% copyable 's1._domainkey' 'the name of DKIM signature, first key' %}")
    assert 'aria-label="Copy the name of DKIM signature, first key"' in button
    assert 'data-copy="s1._domainkey"' in button


def test_a_missing_moment_is_a_dash() -> None:
    assert draw("{% when nothing %}", nothing=None) == "–"


def test_an_end_of_a_list_is_a_button_that_cannot_be_pressed() -> None:
    paging = draw("{% paging 'Newest 2 of 2 emails' older_url='?before=x' %}")
    assert 'href="?before=x"' in paging
    assert paging.count('aria-disabled="true"') == 1


class DomainForm(forms.Form):
    name = forms.CharField(label="Domain", help_text="The part after the @ of your From address.")
    agreed = forms.BooleanField(label="Track opens")


def test_a_field_has_a_label_and_its_hint_describes_it() -> None:
    field = draw("{% field form.name placeholder='example.org' %}", form=DomainForm())
    assert '<label for="id_name">Domain' in field
    assert 'aria-describedby="id_name_hint"' in field
    assert 'id="id_name_hint"' in field
    assert 'placeholder="example.org"' in field


def test_an_error_replaces_the_hint_and_marks_the_control() -> None:
    field = draw("{% field form.name %}", form=DomainForm({"agreed": "on"}))
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="id_name_error"' in field
    assert "The part after" not in field
    assert "<svg" in field


def test_what_was_put_right_is_said_beside_the_field() -> None:
    field = draw("{% field form.name note='We removed www.' %}", form=DomainForm({"name": "x.example", "agreed": "on"}))
    assert 'class="put-right" id="id_name_note"' in field
    assert 'aria-describedby="id_name_hint id_name_note"' in field


def test_a_switch_is_a_checkbox_that_says_so() -> None:
    assert 'role="switch"' in draw("{% field form.agreed toggle=True %}", form=DomainForm())
