import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.testing.growth import LINEAR, growth
from sending.protocol.reply import Reply, parse_reply
from sending.replies.classify import RULES, Category, Phase, classify, classify_local, rules
from sending.suppressions.consequences import SUPPRESSING

NEGATIVE = st.builds(
    Reply,
    st.integers(400, 599),
    st.none(),
    st.tuples(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=80)),
)
ANSWERED = st.sampled_from([Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.FINAL_DOT])


@pytest.mark.parametrize(
    ("reply", "outcome", "category"),
    [
        ("250 2.0.0 Queued", "delivered", None),
        ("550 5.1.1 The email account that you tried to reach does not exist", "bounced", "badrecipient"),
        ("550 No such user here", "bounced", "badrecipient"),
        ("552 5.2.2 Mailbox full", "bounced", "overquota"),
        ("452 4.2.2 The recipient's inbox is out of storage", "deferred", "overquota"),
        ("450 4.2.0 Greylisted, see http://postgrey.example", "deferred", "greylisting"),
        ("421 4.7.0 Too many connections", "deferred", "serverpolicy"),
        ("550 5.7.1 Service unavailable, client host blocked using Spamhaus", "bounced", "block"),
        ("550 5.7.26 Unauthenticated email is not accepted due to the domain's DMARC policy", "bounced", "verifyfail"),
        (
            "550-5.7.1 Gmail has detected that this message is likely unsolicited mail\r\n550 5.7.1 gsmtp",
            "bounced",
            "spam_gmail",
        ),
        ("554 5.7.1 Message rejected as spam", "bounced", "spam"),
        ("552 5.3.4 Message too big", "bounced", "content"),
        ("550 5.7.1 Relaying denied", "bounced", "relayfail"),
        ("451 4.3.0 Internal error", "deferred", "serverfail"),
        ("556 5.1.10 Recipient address has null MX", "bounced", "badrecipient"),
        ("571 Something nobody ever saw", "bounced", "generalfail"),
        ("471 Something nobody ever saw", "deferred", "transientfail"),
    ],
)
def test_the_usual_replies(reply, outcome, category):
    verdict = classify(parse_reply(reply.encode() + b"\r\n"), Phase.FINAL_DOT)
    assert (verdict.outcome, verdict.category) == (outcome, category)


@given(NEGATIVE, ANSWERED)
def test_what_no_rule_names_follows_its_class(reply, phase):
    verdict = classify(reply, phase)
    named = next((rule for rule in rules() if rule.name == verdict.rule), None)
    if named is None or named.outcome is None:
        assert verdict.outcome == ("bounced" if reply.is_permanent else "deferred")
    assert isinstance(verdict.category, Category)


@given(NEGATIVE, st.sampled_from([Phase.GREETING, Phase.EHLO, Phase.STARTTLS, Phase.AUTH]))
def test_before_the_envelope_only_a_host_without_mail_is_final(reply, phase):
    assert (classify(reply, phase).outcome == "bounced") == (reply.code in (521, 556))


@given(st.sampled_from(["5.7.1", "5.7.26", "5.7.0"]), ANSWERED)
def test_sender_side_refusals_never_suppress_the_recipient(enhanced, phase):
    assert classify(Reply(550, enhanced, ("Refused",)), phase).category not in SUPPRESSING


def test_a_lost_answer_is_uncertain_and_our_own_word_is_no_bounce_of_the_recipient():
    assert classify_local(Reply(451, "4.4.2", ("Connection lost",)), uncertain=True).outcome == "uncertain"
    assert classify_local(Reply(451, "4.4.2", ("Connection lost",)), uncertain=False).outcome == "deferred"
    verdict = classify_local(Reply(553, "5.6.7", ("No SMTPUTF8",)), uncertain=False)
    assert verdict.outcome == "bounced"
    assert verdict.category not in SUPPRESSING


def test_there_are_seventeen_categories_and_every_rule_has_its_own_name():
    assert len(Category) == 17
    names = [entry["name"] for entry in tomllib.loads(RULES.read_text())["rule"]]
    assert len(names) == len(set(names)) == len(rules())


def test_a_flood_of_words_is_classified_by_its_beginning_and_at_once():
    flood = Reply(550, None, ("gmail " * 10_000,))
    assert classify(flood, Phase.RCPT).category is Category.GENERAL_FAIL
    assert growth(lambda words: classify(Reply(550, None, ("gmail " * words,)), Phase.RCPT), 80_000) < LINEAR
