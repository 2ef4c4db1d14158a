"""Each rule finds its kind of link and says why; ordinary mail scores nothing, mails that others wrote included."""

import os
import tomllib
from pathlib import Path

import pytest

from domains.compliance import rulebook
from sending.phishing.rules import Suspicion, judge, rule_book
from sending.phishing.seen_links import seen_links
from sending.protocol.mime_tree import read_tree

FILES = sorted((Path(os.environ.get("CORPUS_DIR", "/nowhere")) / "mail-html").rglob("*.html"))
COMPLIANCE = tomllib.loads(Path(rulebook.__file__).with_name("rules.toml").read_text())
FOUND = (
    ('<a href="https://evil.com/x">www.paypal.com</a>', {"text_shows_brand"}),
    ('<a href="https://t.shop.com/1"><b>https://</b>paypal.com/login</a>', {"own_link_shows_brand"}),
    ('<a href="https://track.esp.net/c/1">www.mysite.de</a>', {"text_shows_other_site"}),
    ('<a href="https:/\\evil.com">https://www.amazon.de/gp</a>', {"text_shows_other_site"}),
    ('<a href="http://8.8.8.8/login">Log in</a>', {"ip_address"}),
    ('<a href="http://134744072/">Log in</a>', {"ip_address"}),
    ('<a href="http://0x08080808/">Log in</a>', {"ip_address"}),
    ('<a href="https://paypal.com@evil.com/">Log in</a>', {"user_info"}),
    ('<a href="https://paypal-secure.com/">Log in</a>', {"brand_with_bait"}),
    ('<a href="https://paypal.com.login.evil.com/">Log in</a>', {"brand_put_before"}),
    ('<a href="https://my-paypal.com/">Log in</a>', {"brand_in_name"}),
    ('<a href="https://paypal.evil.com/">Log in</a>', {"brand_in_subdomain"}),
    ('<a href="https://paypa1.com/">Log in</a>', {"brand_lookalike"}),
    ('<a href="https://p\u0430y\u0440al.com/">Log in</a>', {"brand_lookalike", "mixed_scripts"}),
    ('<a href="https://\u0430\u0440\u0440\u04cf\u0435.com/">Log in</a>', {"brand_lookalike", "imitates_latin"}),
    ('<a href="https://paypall.com/">Log in</a>', {"brand_near"}),
    ('<a href="https://m\u00fcnchen.de/">Visit</a>', {"punycode"}),
    ('<a href="https://bit.ly/x">Read</a>', {"shortener"}),
    ('<form action="https://evil.com/p"><input type="password"></form>', {"form", "password_form"}),
    ('<a href="data:text/html;base64,PGI+">Open</a>', {"runs_script"}),
    ('<a href="javas\tcript:alert(1)">Open</a>', {"runs_script"}),
    ('<a href="https://cdn.evil.com/setup.exe?x=1">Open</a>', {"file_that_runs"}),
    ('<a href="https://dl.shop.com/setup.exe">Open</a>', {"own_file_that_runs"}),
)
ORDINARY = (
    '<a href="https://click.shop.com/1">amazon.com</a> <a href="https://www.facebook.com/shop">Facebook</a>',
    '<a href="https://t.esp.net/1">Node.js</a> <a href="https://t.esp.net/2">Read more on our blog.</a>',
    '<a href="https://t.esp.net/3">shop.com</a> <a href="mailto:help@shop.com">help@shop.com</a>',
    '<a href="https://apps.apple.com/app/id1"><img src="https://cdn.shop.com/a.png"></a><a href="tel:+491">Call</a>',
    '<a href="https://s3.amazonaws.com/b/a.pdf">PDF</a> <a href="javascript:void(0)">x</a> <a href="#">top</a>',
    '<a href="http://127.0.0.1:8000/">local</a> <a href="http://10.0.0.7/">staging</a> <a href="//shop.com/">x</a>',
    '<a href="https://www.paypal.com/invoice">Pay with PayPal at paypal.com</a>',
)


def judged(html: str, own: str = "shop.com") -> Suspicion:
    source = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()
    seen = seen_links(read_tree(source))
    assert seen.links
    return judge(seen, own, frozenset(COMPLIANCE["bait"]), frozenset(COMPLIANCE["harmless"]))


def test_each_rule_finds_its_kind_and_says_why() -> None:
    book, met = rule_book(), set[str]()
    for html, rules in FOUND:
        found = judged(html)
        assert {one.rule for one in found.findings} == rules, html
        assert found.score == sum(book.weights[rule] for rule in rules)
        for one in found.findings:
            assert "%" not in book.sentences[one.rule] % one.detail
        met |= rules
    assert met == book.weights.keys() == book.sentences.keys()


def test_ordinary_mail_scores_nothing() -> None:
    for html in ORDINARY:
        assert judged(html).findings == (), html


def test_the_text_part_and_attached_html_are_read_as_well() -> None:
    source = (
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\nhttps://paypa1.com/\r\n"
        b'--a\r\nContent-Type: application/octet-stream; name="Invoice.HTML"\r\n\r\n<input type=password>\r\n--a--\r\n'
    )
    found = judge(seen_links(read_tree(source)), "shop.com")
    assert {one.rule for one in found.findings} == {"brand_lookalike", "password_form"}


def test_evidence_names_neither_readers_nor_secrets() -> None:
    url = "https://evil.com/u/ada@reader.test/8fK2pLx09ZqTv3mW7cYb/x.exe?mail=ada%40reader.test#t"
    [found] = judged(f'<a href="{url}">x</a><a href="{url}">y</a>').findings
    assert found.url == "https://evil.com/u/hidden/hidden/x.exe"
    [other] = judged('<a href="https://ada@reader.test@evil.com/">x</a>').findings
    assert "ada" not in other.url + repr(other.detail)


def test_the_same_for_another_reader_is_the_same_finding() -> None:
    one, other = (judged(f'<a href="https://paypa1.com/?to={name}">Hi {name}</a>') for name in ("ada", "bob"))
    assert one.fingerprint == other.fingerprint != judged('<a href="https://paypa1.net/">x</a>').fingerprint


@pytest.mark.skipif(not FILES, reason="CORPUS_DIR names no mails that others wrote")
def test_mails_by_others_deserve_no_look() -> None:
    assert {file.name for file in FILES if judged(file.read_text()).score >= rule_book().worth_a_look} == set()
