"""Each filter of the contract by example: which messages answer it."""

from datetime import UTC, datetime
from itertools import product

import pytest

from domains.models import SendingDomain
from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World, make_domain
from sending.log.conditions import Condition, is_known
from sending.log.paging import fetch, total
from sending.log.query import Query
from sending.models import Event, Message

pytestmark = pytest.mark.django_db

TEXT = {"ci_equal", "ci_not_equal", "ci_contain", "ci_not_contain"}
EXACT = {"equal", "not_equal"}
NUMBER = {"equal", "greater_than", "less_than"}
ADDRESS = {"equal", "not_equal", "contain", "not_contain"}
CONTRACT = {
    "to": TEXT,
    "from": TEXT,
    "email_service_provider_response": TEXT,
    "recipient_mx": TEXT,
    "subject": TEXT | {"empty", "not_empty"},
    "status": EXACT,
    "category": EXACT,
    "email_service_provider": EXACT,
    "sending_domain_id": EXACT,
    "domain_id": EXACT,
    "sending_stream": EXACT,
    "events": {"include_event", "not_include_event"},
    "clicks_count": NUMBER,
    "opens_count": NUMBER,
    "client_ip": ADDRESS,
    "sending_ip": ADDRESS,
}
EXAMPLES = [
    ("to", "ci_equal", ["ADA@Far.test"], {"opened"}),
    ("to", "ci_not_equal", ["ada@far.test"], {"bounced", "bulk", "queued", "left"}),
    ("to", "ci_equal", ["ada@far.test", "bob@gone.test"], {"opened", "bounced"}),
    ("to", "ci_contain", ["GONE"], {"bounced"}),
    ("to", "ci_not_contain", ["far"], {"bounced"}),
    ("from", "ci_equal", ["Shop@example.test"], {"opened", "bounced", "queued", "left"}),
    ("from", "ci_contain", ["news"], {"bulk"}),
    ("subject", "ci_equal", ["INVOICE 1187"], {"bounced"}),
    ("subject", "ci_contain", ["100%"], {"bulk"}),
    ("subject", "ci_contain", ["%"], {"bulk"}),
    ("subject", "empty", [], {"queued"}),
    ("subject", "not_empty", [], {"opened", "bounced", "bulk", "left"}),
    ("email_service_provider_response", "ci_contain", ["does NOT exist"], {"bounced"}),
    ("email_service_provider_response", "ci_not_contain", ["does not exist"], {"opened", "bulk", "queued", "left"}),
    ("recipient_mx", "ci_equal", ["MX.gone.test"], {"bounced"}),
    ("recipient_mx", "ci_not_equal", ["mx.gone.test"], {"opened", "bulk", "queued", "left"}),
    ("status", "equal", ["delivered"], {"opened", "bulk"}),
    ("status", "equal", ["not_delivered", "enqueued"], {"bounced", "queued"}),
    ("status", "equal", ["opted_out"], {"left"}),
    ("status", "not_equal", ["delivered"], {"bounced", "queued", "left"}),
    ("status", "equal", ["no such status"], set()),
    ("category", "equal", ["Order", "Newsletter"], {"bounced", "bulk"}),
    ("category", "not_equal", ["Order"], {"opened", "bulk", "queued", "left"}),
    ("sending_stream", "equal", ["bulk"], {"bulk"}),
    ("sending_domain_id", "equal", ["other"], {"bulk"}),
    ("domain_id", "not_equal", ["other"], {"opened", "bounced", "queued", "left"}),
    ("events", "include_event", ["open", "unsubscribe"], {"opened", "left"}),
    ("events", "not_include_event", ["delivery"], {"bounced", "queued"}),
    ("events", "include_event", ["accepted"], set()),
    ("opens_count", "greater_than", ["1"], {"opened"}),
    ("opens_count", "less_than", ["1"], {"bounced", "bulk", "queued", "left"}),
    ("clicks_count", "equal", ["3"], {"opened"}),
    ("client_ip", "equal", ["192.0.2.77"], {"bulk"}),
    ("client_ip", "not_equal", ["192.0.2.77"], {"opened", "bounced", "queued", "left"}),
    ("client_ip", "contain", ["192.0."], {"bulk"}),
    ("sending_ip", "equal", ["198.51.100.24", "nonsense"], {"opened", "bounced", "bulk", "left"}),
    ("sending_ip", "not_contain", ["198.51."], {"queued"}),
    ("email_service_provider", "equal", ["Google"], {"opened"}),
    ("email_service_provider", "not_equal", ["Google"], {"bounced", "bulk", "queued", "left"}),
]


@pytest.fixture
def named(world: World) -> dict[str, Message]:
    """Five messages, by what is special about them."""
    other = make_domain(world.account, "other.test")
    opened = make_message(world.domain, "Ada@far.test", opens_count=2, clicks_count=3, provider="Google")
    make_event(opened, Event.Type.OPEN)
    left = make_message(world.domain, "eve@far.test")
    make_event(left, Event.Type.UNSUBSCRIBE)
    return {
        "opened": opened,
        "left": left,
        "bounced": make_message(
            world.domain, "bob@gone.test", status="bounced", category="Order", subject="Invoice 1187"
        ),
        "bulk": make_message(
            other,
            "cy@far.test",
            stream="bulk",
            category="Newsletter",
            from_address="news@other.test",
            subject="100% new",
            submission={"client_ip": "192.0.2.77"},
        ),
        "queued": make_message(world.domain, "dee@far.test", status="queued", subject=""),
    }


def answers(world: World, query: Query, named: dict[str, Message]) -> set[str]:
    names = {message.pk: name for name, message in named.items()}
    found = fetch(world.account.pk, query)
    assert total(world.account.pk, query).count == len(found.rows)
    return {names[message.pk] for message in found.rows}


def test_every_filter_of_the_contract_is_known_and_no_other():
    for name, operators in CONTRACT.items():
        for operator in set().union(*CONTRACT.values()):
            assert is_known(name, operator) is (operator in operators), (name, operator)
    assert not is_known("nonsense", "equal")


@pytest.mark.parametrize(("name", "operator", "values", "expected"), EXAMPLES)
def test_a_filter_finds_exactly_what_answers_it(
    name: str, operator: str, values: list[str], expected: set[str], world: World, named: dict[str, Message]
):
    other = str(SendingDomain.objects.get(name="other.test").pk)
    told = tuple(other if value == "other" else value for value in values)
    assert answers(world, Query(conditions=(Condition(name, operator, told),)), named) == expected


def test_filters_together_narrow_each_other(world: World, named: dict[str, Message]):
    both = (Condition("to", "ci_contain", ("far",)), Condition("status", "equal", ("delivered",)))
    assert answers(world, Query(conditions=both), named) == {"opened", "bulk"}


def test_the_search_field_looks_into_recipients_and_subjects(world: World, named: dict[str, Message]):
    assert answers(world, Query(text="invoice"), named) == {"bounced"}
    assert answers(world, Query(text="far.TEST"), named) == {"opened", "bulk", "queued", "left"}


HOSTILE = ["\0", "a\0b", "x" * 10_240, "%", "\\", "'; DROP TABLE sending_message --", "²", "--5", "9" * 40, "", "٣"]


@pytest.mark.parametrize("name", CONTRACT)
def test_hostile_values_find_nothing_and_break_nothing(name: str, world: World):
    make_message(world.domain, "ada@far.test", subject="Hello")
    for operator, value in product(CONTRACT[name], HOSTILE):
        rows = fetch(world.account.pk, Query(conditions=(Condition(name, operator, (value,)),))).rows
        if operator in ("equal", "ci_equal", "include_event", "greater_than"):
            assert rows == [], (operator, value)


def test_hostile_searches_break_nothing(world: World):
    message = make_message(world.domain, "ada@far.test", subject="Hello")
    for value in HOSTILE:
        assert fetch(world.account.pk, Query(text=value)).rows in ([], [message])


def test_dates_before_and_after_all_time_are_taken(world: World):
    message = make_message(world.domain)
    low, high = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
    assert fetch(world.account.pk, Query(sent_after=low, sent_before=high)).rows == [message]
    assert fetch(world.account.pk, Query(sent_before=low)).rows == []
    assert fetch(world.account.pk, Query(sent_after=high)).rows == []
