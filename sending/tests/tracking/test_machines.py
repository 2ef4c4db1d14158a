"""Programs are told from people by the table of rules; what a rule does not name, it does not touch."""

import pytest

from sending.tracking.addresses import kept_ip, masked
from sending.tracking.machines import Request, machine_of, rules

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
HOME, DAY = "203.0.113.9", 86_400.0

PEOPLE = [
    ("open", HOME, FIREFOX, 30.0),
    ("click", HOME, FIREFOX, 30.0),
    ("open", "66.249.84.1", GMAIL, 30.0),
    ("open", "66.249.84.1", GMAIL, None),
    ("open", "98.136.164.1", YAHOO, 2.5),
    ("open", HOME, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15", 5.0),
    ("open", HOME, "Microsoft Office/16.0 (Microsoft Outlook 16.0.17928; Pro)", 5.0),
    ("open", "17.58.1.1", FIREFOX, DAY),
    ("click", "17.58.1.1", FIREFOX, 5.0),
    ("click", "34.201.1.1", FIREFOX, 61.0),
    ("click", "no address", FIREFOX, 30.0),
    ("click", HOME, "Mozilla/5.0", 30.0),
    ("click", HOME, "Mozilla/5.0 (Linux; Android 14; CUBOT X50) AppleWebKit/537.36 Chrome/126.0 Mobile", 30.0),
]
MACHINES = [
    ("open", HOME, "Mozilla/5.0", DAY, "Apple Mail Privacy Protection"),
    ("open", "17.58.1.1", FIREFOX, 20.0, "Apple's own network"),
    ("open", "66.249.84.1", GMAIL, 2.0, "Gmail looking ahead"),
    ("open", "66.249.84.1", AHEAD, DAY, "Gmail looking ahead"),
    ("click", "209.222.82.4", FIREFOX, DAY, "Barracuda"),
    ("click", HOME, "BarracudaCentral", DAY, "Barracuda"),
    ("click", "205.139.110.7", FIREFOX, DAY, "Mimecast"),
    ("click", "67.231.152.3", FIREFOX, DAY, "Proofpoint"),
    ("click", "148.163.130.3", FIREFOX, None, "Proofpoint"),
    ("click", "40.94.20.1", FIREFOX, DAY, "Microsoft Defender"),
    ("click", "::ffff:40.94.20.1", FIREFOX, DAY, "Microsoft Defender"),
    ("open", "2a01:111:f403:c10::1", FIREFOX, DAY, "Microsoft Defender"),
    ("click", HOME, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", DAY, "a preview of a link"),
    ("click", HOME, "Mozilla/5.0 (compatible; Googlebot/2.1)", DAY, "a crawler or scanner"),
    ("click", HOME, "python-requests/2.32", DAY, "a program without a screen"),
    ("click", HOME, "curl/8.5.0", DAY, "a program without a screen"),
    ("click", HOME, "", DAY, "a program without a name"),
    ("open", HOME, FIREFOX, 0.4, "sooner than anybody reads"),
    ("open", HOME, FIREFOX, -0.1, "sooner than anybody reads"),
    ("click", HOME, FIREFOX, 1.9, "sooner than anybody reads"),
    ("click", "34.201.1.1", FIREFOX, 30.0, "a data centre, right after delivery"),
]


@pytest.mark.parametrize(("kind", "ip", "agent", "since"), PEOPLE)
def test_people_are_counted(kind, ip, agent, since):
    assert machine_of(Request(kind, ip, agent, since)) is None


@pytest.mark.parametrize(("kind", "ip", "agent", "since", "rule"), MACHINES)
def test_machines_are_named_by_the_rule_that_knows_them(kind, ip, agent, since, rule):
    assert machine_of(Request(kind, ip, agent, since)) == rule


def test_heads_and_several_links_at_once_are_machines():
    assert machine_of(Request("open", HOME, FIREFOX, DAY, is_head=True)) == "a request for the head alone"
    assert machine_of(Request("click", HOME, FIREFOX, DAY, several_links=True)) == "several links at once"


def test_each_rule_says_why():
    assert all(len(rule.reason) > 40 and rule.name for rule in rules())


@pytest.mark.parametrize(
    ("ip", "choice", "kept"),
    [
        ("192.0.2.77", "full", "192.0.2.77"),
        ("192.0.2.77", "truncated", "192.0.2.0"),
        ("2001:db8:1:2:3::4", "truncated", "2001:db8:1::"),
        ("::ffff:192.0.2.77", "truncated", "192.0.2.0"),
        ("192.0.2.77", "none", None),
        ("unix:", "full", None),
    ],
)
def test_what_is_kept_of_an_address_is_what_the_domain_wants(ip, choice, kept):
    assert kept_ip(ip, choice) == kept


def test_a_masked_address_shows_no_short_name():
    assert [masked(one) for one in ("ann@far.test", "al@far.test", '"a@b"@far.test')] == [
        "a…n@far.test",
        "…@far.test",
        '"…"@far.test',
    ]
