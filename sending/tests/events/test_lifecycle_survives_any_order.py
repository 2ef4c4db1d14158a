from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sending.events.lifecycle import (
    FINAL,
    UNFINISHED,
    ContractStatus,
    contract_status,
    next_status,
    stored_statuses,
)
from sending.models import Event, MessageStatus

EVENTS = st.lists(st.sampled_from(list(Event.Type)))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@given(st.sampled_from(list(MessageStatus)), EVENTS)
def test_a_finished_message_never_becomes_unfinished(status, events):
    for event in events:
        after = next_status(status, event)
        assert not (status in FINAL and after in UNFINISHED)
        status = after


@given(EVENTS)
def test_a_bounce_is_never_forgotten_once_delivery_is_known(events):
    status = next_status(next_status(MessageStatus.QUEUED, Event.Type.DELIVERY), Event.Type.BOUNCE)
    for event in events:
        status = next_status(status, event)
    assert status is MessageStatus.BOUNCED


@given(st.sampled_from(list(MessageStatus)))
def test_openings_clicks_and_complaints_leave_the_status_alone(status):
    for event in (Event.Type.OPEN, Event.Type.CLICK, Event.Type.SPAM, Event.Type.UNSUBSCRIBE, Event.Type.ACCEPTED):
        assert next_status(status, event) is status


def test_what_is_over_is_neither_released_nor_cancelled_nor_moved_up():
    for status in FINAL:
        for event in (Event.Type.RELEASE, Event.Type.CANCEL, Event.Type.REQUEUE, Event.Type.SUSPENSION):
            assert next_status(status, event) is status
    assert next_status(MessageStatus.HELD, Event.Type.RELEASE) is MessageStatus.QUEUED
    assert next_status(MessageStatus.DEFERRED, Event.Type.REQUEUE) is MessageStatus.QUEUED
    assert {next_status(status, Event.Type.CANCEL) for status in UNFINISHED} == {MessageStatus.CANCELLED}


def test_a_delivery_that_becomes_known_is_the_truth_even_for_cancelled_mail():
    assert next_status(MessageStatus.CANCELLED, Event.Type.DELIVERY) is MessageStatus.DELIVERED


def test_a_late_delay_report_does_not_reopen_a_delivered_message():
    assert next_status(MessageStatus.DELIVERED, Event.Type.SOFT_BOUNCE) is MessageStatus.DELIVERED


def test_every_status_has_one_contract_status_and_filters_find_it_again():
    for status in MessageStatus:
        for opted_out_at in (None, NOW):
            answer = contract_status(status, opted_out_at)
            stored, needs_opt_out = stored_statuses(answer)
            assert status in stored
            assert needs_opt_out in (None, opted_out_at is not None)
    assert contract_status("delivered", NOW) is ContractStatus.OPTED_OUT
    assert contract_status("captured", None) is ContractStatus.DELIVERED
    assert contract_status("uncertain", None) is ContractStatus.ENQUEUED
    assert contract_status("bounced", NOW) is ContractStatus.NOT_DELIVERED
