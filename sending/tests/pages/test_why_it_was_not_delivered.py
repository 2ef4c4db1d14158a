"""The page of a message says why it was not delivered, who can mend that, and how: for every category and cure."""

from typing import Any

import pytest
from django.test import Client

from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World
from sending.events.record import News, record_news
from sending.log.explanation import explain
from sending.log.meanings import ACTS, HELD, MEANINGS, OVER, OWNERS, REJECTED
from sending.models import Event, Message, Suppression
from sending.queue.permission import FINAL, SENTENCES
from sending.replies.classify import CURES, Category, Cure, rules
from sending.tests.pages.test_message_page import heading, shown

E = Event.Type


def bounced(world: World, **details: Any) -> Message:
    message = make_message(world.domain, status="bounced", reply=(550, "5.7.1", "No", "spam"))
    Event.objects.filter(message=message, type=E.BOUNCE).update(
        details={"response_code": 550, "email_service_provider_response": "No", **details}
    )
    return message


def suppress(message: Message, **fields: Any) -> None:
    values = {"account_id": message.account_id, "email": message.recipient, "stream": "any", "type": "hard bounce"}
    Suppression.objects.create(**values | fields)


@pytest.mark.parametrize("cure", [None, *Cure])
@pytest.mark.parametrize("category", Category)
def test_every_category_names_who_can_mend_it(category: Category, cure: Cure | None, world: World) -> None:
    message = bounced(world, bounce_category=category.value, cure=cure)
    told = explain(message, list(Event.objects.filter(message=message)), is_suppressed=False)
    assert told is not None
    assert told.owner == OWNERS[cure or CURES[category]]
    assert told.means == MEANINGS[category]
    assert told.can_do
    assert not (cure is Cure.OPERATOR and "your" in str(told.can_do)), "what is ours to mend is not put on the customer"
    assert "We come back" not in str(told.can_do), "it is over"


def test_each_rule_and_category_has_words_of_its_own_or_those_of_its_cure() -> None:
    assert set(MEANINGS) == set(Category)
    assert set(OWNERS) == set(Cure)
    assert {category for category, _ in ACTS} >= set(Category) - {Category.OTHER, Category.GENERAL_FAIL}
    assert {rule.cure or CURES[rule.category] for rule in rules()} == set(Cure), "each cure is told of some reply"


def test_every_reason_for_which_we_keep_mail_back_is_explained() -> None:
    assert set(REJECTED) == FINAL
    assert set(HELD) == set(SENTENCES) - FINAL


def test_the_page_says_whose_it_is_and_leads_to_the_domain(world: World, as_alice: Client) -> None:
    page = shown(as_alice, bounced(world, bounce_category="verifyfail", cure="sender"))
    assert "Who can mend it</dt><dd>You: it is about your mail, your address or your domain." in page
    assert f'href="/a/{world.account.pk}/domains/{world.domain.pk}/">Open the sending domain' in page
    ours = shown(as_alice, bounced(world, bounce_category="block", cure="operator"))
    assert "Who can mend it</dt><dd>We: it is about the servers that send your mail" in ours
    assert "Open the sending domain" not in ours


def test_what_waiting_would_have_cured_is_to_be_sent_again_when_the_tries_are_used_up(
    world: World, as_alice: Client
) -> None:
    page = shown(as_alice, bounced(world, bounce_category="greylisting", gave_up=True))
    assert "and gave up." in page
    assert str(OVER) in page


def test_our_own_words_are_not_called_an_answer(world: World, as_alice: Client) -> None:
    message = make_message(world.domain, status="deferred", reply=(None, "4.4.1", "Connection refused", "timeout"))
    page = shown(as_alice, message)
    assert 'What happened</dt><dd class="mono">4.4.1 Connection refused' in page
    assert "They answered" not in page


def test_mail_that_came_back_tells_the_report_and_not_the_answer_of_its_delivery(
    world: World, as_alice: Client
) -> None:
    message = make_message(world.domain)
    details = {
        "response_code": 550,
        "email_service_provider_status": "5.2.2",
        "email_service_provider_response": "Mailbox full",
        "bounce_category": "overquota",
        "cure": "recipient",
        "reported_by": "mail.far.test",
    }
    record_news([News(message.pk, message.account_id, E.BOUNCE, message.sent_at, details)])
    page = shown(as_alice, message)
    assert heading(page) == "Bounced: it came back after it had been delivered"
    assert "mx.far.test took it, and mail.far.test reported later that nobody got it." in page
    assert 'They reported</dt><dd class="mono">550 5.2.2 Mailbox full' in page
    assert "We had delivered it to a server that later sent it back." in page


def test_a_complaint_tells_who_reported_it_and_what_follows(world: World, as_alice: Client) -> None:
    message = make_message(world.domain)
    make_event(message, E.SPAM, {"spam_feedback_type": "abuse", "reported_by": "fbl.far.test"})
    assert "We told you." in shown(as_alice, message)
    suppress(message, type="spam complaint", domain_id=world.domain.pk, stream="transactional")
    page = shown(as_alice, message)
    assert 'They reported</dt><dd class="mono">Complaint: abuse, reported by fbl.far.test' in page
    assert "We put the address on your suppression list" in page
    assert "make leaving easier than complaining" in page


def test_who_left_by_the_link_is_not_said_to_have_complained(world: World, as_alice: Client) -> None:
    message = make_message(world.domain)
    make_event(message, E.UNSUBSCRIBE)
    page = shown(as_alice, message)
    assert "Why the reader gets no more" in page
    assert "pressed “spam”" not in page


def test_what_a_suppression_stopped_says_whether_the_address_is_still_listed(world: World, as_alice: Client) -> None:
    message = make_message(world.domain, status="rejected")
    reason = "Recipient in suppression list. Reason: hard bounce"
    make_event(message, E.REJECT, {"code": "suppressed", "reject_reason": reason})
    page = shown(as_alice, message)
    assert heading(page) == "Rejected: the address is suppressed"
    assert "The address has come off the list since" in page
    suppress(message)
    page = shown(as_alice, message)
    assert f'The reason</dt><dd class="mono">{reason}' in page
    assert "has come off the list" not in page


def test_a_foreign_suppression_changes_nothing(world: World, as_alice: Client) -> None:
    message = bounced(world, bounce_category="badrecipient", cure="recipient")
    suppress(message, account_id=world.stranger_account.pk)
    assert "suppression list" not in shown(as_alice, message)
    suppress(message)
    assert "The address is on your suppression list" in shown(as_alice, message)


@pytest.mark.parametrize("code", sorted(set(HELD)))
def test_held_mail_says_what_it_waits_for(code: str, world: World, as_alice: Client) -> None:
    message = make_message(world.domain, status="held")
    make_event(message, E.SUSPENSION, {"code": code, "reject_reason": SENTENCES[code]})
    page = shown(as_alice, message)
    headline, owner, can_do = HELD[code]
    assert heading(page) == str(headline)
    assert f"Who can mend it</dt><dd>{owner}" in page
    assert str(can_do) in page
    assert ("Open the sending domain</a>" in page) is (code.startswith("domain_") or code.endswith("_paused"))


def test_uncertain_mail_says_that_it_may_have_arrived(world: World, as_alice: Client) -> None:
    page = shown(as_alice, make_message(world.domain, status="uncertain"))
    assert "They had the whole email when the line dropped" in page
    assert "If the first copy arrived, the reader gets two." in page


def test_delivered_and_waiting_mail_has_nothing_to_explain(world: World, as_alice: Client) -> None:
    for status in ("delivered", "captured", "queued", "scheduled", "cancelled"):
        assert "Who can mend it" not in shown(as_alice, make_message(world.domain, status=status))
