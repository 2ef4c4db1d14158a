"""Members sign in at a SAML provider: tried with `samlp`, which others wrote, over the loopback."""

import json
from base64 import b64decode, b64encode
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zlib import MAX_WBITS, decompress

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from defusedxml.ElementTree import fromstring
from django.test import Client
from django.urls import reverse

from accounts import single_sign_on, two_factor
from accounts.models import AuditEntry, Membership, Role, SingleSignOn, User
from accounts.models.single_sign_on import slug_of
from accounts.single_sign_on import Wanted
from mailtrap_site.single_sign_on import saml
from mailtrap_site.testing.world import PASSWORD, World
from mailtrap_site.tests.single_sign_on.conftest import Provider, make_certificate, signed_in

pytestmark = pytest.mark.outside("samlp", "saml-python")

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"


def path(world: World, name: str) -> str:
    return reverse(f"single_sign_on:{name}", args=[slug_of(world.account.pk)])


def ask(world: World, client: Client) -> str:
    """Begins in this browser; the address at the provider."""
    leads = client.get(path(world, "saml_login"))
    assert leads.status_code == 302, leads.content.decode()
    return leads["Location"]


def come_back(world: World, client: Client, answer: str, **more: str) -> Any:
    """As a browser does: the POST from the provider's site carries none of our cookies, the GET after it all."""
    abroad = Client()
    posted = abroad.post(path(world, "saml_answer"), {"SAMLResponse": answer, **more})
    assert posted["Location"] == path(world, "saml_finish")
    assert set(posted.cookies) == {"saml_answer"}
    client.cookies.update(posted.cookies)
    return client.get(posted["Location"])


def sign_in(world: World, provider: Provider, email: str, **wrong: Any) -> tuple[Client, Any]:
    client = Client()
    return client, come_back(world, client, provider.answer(ask(world, client), email, **wrong))


def test_members_newcomers_and_who_may_not(offered: World, provider: Provider):
    provider.set_up(offered.account)
    client, answer = sign_in(offered, provider, "vera@acme.test")
    assert (answer.status_code, signed_in(client)) == (302, offered.vera)
    assert client.session[two_factor.SIGNED_IN_BY] == offered.account.pk, "the provider asks for factors itself"
    client, _answer = sign_in(offered, provider, "vera@acme.test", signResponse=True)
    assert signed_in(client) == offered.vera, "many sign the response as well"
    assert client.get(reverse("socialaccount_connections")).status_code in (200, 302)
    client, _answer = sign_in(offered, provider, "Olga@acme.test")
    olga = User.objects.get(email="olga@acme.test")
    assert (signed_in(client), olga.has_usable_password()) == (olga, False)
    assert Membership.objects.get(user=olga).role == Role.VIEWER
    assert AuditEntry.objects.filter(action="single_sign_on.joined", actor=olga).count() == 1
    for email in ("charlie@strangers.test", "mallory@example.test"):
        client, answer = sign_in(offered, provider, email)
        assert (answer.status_code, signed_in(client)) == (403, None)
        assert "is not an address that Acme may sign in" in answer.content.decode()
    assert not SocialAccount.objects.filter(user=offered.charlie).exists()
    Membership.objects.filter(user=olga).delete()
    _client, answer = sign_in(offered, provider, "Olga@acme.test")
    assert "You are no longer a member of Acme" in answer.content.decode()


def test_where_to_go_afterwards_is_not_the_providers_to_say(offered: World, provider: Provider):
    provider.set_up(offered.account)
    client = Client()
    answer = provider.answer(ask(offered, client), "vera@acme.test")
    home = come_back(offered, client, answer, RelayState="https://evil.test/")
    assert home["Location"] == "/"


def test_a_question_is_xml_whatever_the_providers_address_holds():
    address = 'https://login.acme.test/saml?tenant=7&realm="<a'
    question_id, leads = saml.question(SingleSignOn(account_id=1, issuer="urn:x", sso_url=address, certificates=["x"]))
    assert leads.startswith(f"{address}&SAMLRequest=")
    asked = fromstring(decompress(b64decode(parse_qs(urlsplit(leads).query)["SAMLRequest"][0]), wbits=-MAX_WBITS))
    assert (asked.get("ID"), asked.get("Destination")) == (question_id, address)


def test_what_is_wrong_with_an_answer_is_said_and_nobody_signed_in(offered: World, provider: Provider):
    provider.set_up(offered.account)
    elsewhere = saml.addresses(offered.account.pk)["acs_url"] + "x"
    for wrong, words in {
        '{"signAssertion": false}': "not signed",
        '{"signAssertion": false, "signResponse": true}': "not signed",
        '{"signatureAlgorithm": "rsa-sha1"}': "SHA-1",
        '{"digestAlgorithm": "sha1"}': "SHA-1",
        '{"audience": "https://other.test/"}': "another service",
        f'{{"destination": "{elsewhere}"}}': "another service",
        f'{{"recipient": "{elsewhere}"}}': "another service",
        '{"recipient": "https://other.test/"}': "another service",
        '{"recipient": ""}': "another service",
        '{"lifetimeInSeconds": -600}': "too old",
        '{"issuer": "urn:other"}': "could not be proved",
        '{"samlStatusCode": "urn:oasis:names:tc:SAML:2.0:status:Responder"}': "did not let you in",
        '{"inResponseTo": "_ours"}': "did not begin in this browser",
    }.items():
        client, answer = sign_in(offered, provider, "vera@acme.test", **json.loads(wrong))
        assert (answer.status_code, signed_in(client)) == (403, None), wrong
        assert words in answer.content.decode(), (wrong, answer.content.decode())
    ours, client = saml.addresses(offered.account.pk), Client()
    ask(offered, client)
    question_id = client.session["saml_questions"][-1][0]
    acs = dict.fromkeys(("recipient", "destination"), ours["acs_url"])
    unasked = provider.answer(f"{provider.url}/saml?", "vera@acme.test", audience=ours["entity_id"], **acs)
    named = f'<samlp:Response InResponseTo="{question_id}" '.encode()
    pretending = b64decode(unasked).replace(b"<samlp:Response ", named)
    for answer in (unasked, b64encode(pretending).decode()):
        assert "do not begin at your organisation" in come_back(offered, client, answer).content.decode()


def test_an_answer_counts_once_and_in_the_browser_that_asked(offered: World, provider: Provider):
    provider.set_up(offered.account)
    client = Client()
    answer = provider.answer(ask(offered, client), "vera@acme.test")
    assert "did not begin in this browser" in come_back(offered, Client(), answer).content.decode()
    assert "was used already" in come_back(offered, client, answer).content.decode()
    assert signed_in(client) is None
    question = ask(offered, client)
    assert come_back(offered, client, provider.answer(question, "vera@acme.test")).status_code == 302
    client.logout()
    again = come_back(offered, client, provider.answer(question, "vera@acme.test"))
    assert "did not begin in this browser" in again.content.decode(), "a question is answered once"


def test_what_was_changed_on_the_way_is_refused(offered: World, provider: Provider):
    """Each of the ways to put another assertion where the signed one stood (XML signature wrapping) among them."""
    provider.set_up(offered.account)
    client = Client()
    question = ask(offered, client)
    for spoil in (other_address, evil_beside, evil_with_the_true_one_inside, true_one_in_extensions, a_document_type):
        genuine = b64decode(provider.answer(question, "vera@acme.test"))
        answer = come_back(offered, client, b64encode(spoil(genuine)).decode())
        assert (answer.status_code, signed_in(client)) == (403, None), spoil.__name__
        assert "could not be proved" in answer.content.decode(), spoil.__name__
    for rubbish in ("", "%%%", b64encode(b"<a/>").decode(), "A" * 300_000):
        assert come_back(offered, client, rubbish).status_code == 403
    assert come_back(offered, client, provider.answer(question, "vera@acme.test")).status_code == 302


def test_one_accounts_provider_signs_nobody_in_at_another(offered: World, provider: Provider, tmp_path: Path):
    provider.set_up(offered.account, make_certificate(tmp_path))
    client, answer = sign_in(offered, provider, "vera@acme.test")
    assert (answer.status_code, signed_in(client)) == (403, None), "of the same name, with another key"
    provider.set_up(offered.account, make_certificate(tmp_path), provider.certificate)
    client, answer = sign_in(offered, provider, "vera@acme.test")
    assert signed_in(client) == offered.vera, "any of its certificates counts"
    other = replace(offered, account=offered.stranger_account)
    provider.set_up(other.account)
    client, answer = sign_in(other, provider, "vera@acme.test")
    assert (answer.status_code, signed_in(client)) == (403, None), "the other account has not proved acme.test"
    for_acme = provider.answer(ask(offered, client), "vera@acme.test")
    assert "another service" in come_back(other, client, for_acme).content.decode()


def test_an_owner_sets_it_up_and_the_service_says_who_it_is(offered: World, provider: Provider):
    single_sign_on.save(
        offered.account, Wanted("https://login.acme.test", "mail", "secret", ["acme.test"], Role.ADMIN, False)
    )
    SocialAccount.objects.create(user=offered.vera, provider=slug_of(offered.account.pk), uid="1")
    client = Client()
    client.force_login(offered.alice)
    page = reverse("single_sign_on:settings", args=[offered.account.pk]) + "?protocol=saml"
    shown = client.get(page).content.decode()
    ours = saml.addresses(offered.account.pk)
    assert all(address in shown for address in ours.values())
    assert "What you save here takes its place" in shown
    sent = {"email_domains": ["acme.test"], "first_role": "viewer", "is_enforced": "on"}
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    by_hand = {"issuer": "urn:x", "sso_url": "https://x.test/", "certificate": provider.certificate}
    for wrong in (
        {},
        {"metadata": bomb},
        {"metadata": "<a/>"},
        by_hand | {"sso_url": "ftp://x.test/"},
        by_hand | {"certificate": "nonsense"},
    ):
        assert client.post(page, sent | wrong).status_code == 422, wrong
    metadata = requests.get(f"{provider.url}/metadata", timeout=10).text
    assert client.post(page, sent | {"metadata": metadata}).status_code == 302
    row = SingleSignOn.objects.get()
    assert (row.protocol, row.issuer, row.client_secret) == ("saml", "urn:example:provider", "")
    assert row.certificates == [provider.certificate]
    assert not SocialAccount.objects.exists(), "what the old provider called people means nothing at the new one"
    changes = AuditEntry.objects.get(action="single_sign_on.changed").changes
    assert changes["certificates"]["to"] == [single_sign_on.fingerprint(provider.certificate)]
    about_us = Client().get(path(offered, "saml_metadata"))
    assert all(address.encode() in about_us.content for address in ours.values())
    assert b'WantAssertionsSigned="true"' in about_us.content and b"validUntil" not in about_us.content
    assert client.get(reverse("openid_connect_login", args=[row.slug])).status_code == 404
    by_password = Client().post("/accounts/login/", {"login": "vera@acme.test", "password": PASSWORD})
    assert row.login_path in by_password.content.decode()
    assert row.login_path in Client().post("/sso/", {"email": "any@acme.test"}).content.decode()


def tree(raw: bytes) -> Any:
    from lxml import etree

    return etree.fromstring(raw)


def text(root: Any) -> bytes:
    from lxml import etree

    return etree.tostring(root)


def evil_copy(assertion: Any) -> Any:
    """Says Alice, who is an owner, and keeps the signature."""
    evil = deepcopy(assertion)
    evil.set("ID", "_evil")
    evil.find(f".//{SAML}NameID").text = "alice@acme.test"
    for value in evil.iter(f"{SAML}AttributeValue"):
        value.text = "alice@acme.test"
    return evil


def other_address(raw: bytes) -> bytes:
    return raw.replace(b"vera@acme.test", b"alice@acme.test")


def evil_beside(raw: bytes) -> bytes:
    root = tree(raw)
    true = root.find(f"{SAML}Assertion")
    true.addprevious(evil_copy(true))
    return text(root)


def evil_with_the_true_one_inside(raw: bytes) -> bytes:
    root = tree(raw)
    true = root.find(f"{SAML}Assertion")
    evil = evil_copy(true)
    root.replace(true, evil)
    holder = evil.makeelement(f"{SIGNATURE}Object")
    evil.find(f"{SIGNATURE}Signature").append(holder)
    holder.append(true)
    return text(root)


def true_one_in_extensions(raw: bytes) -> bytes:
    root = tree(raw)
    true = root.find(f"{SAML}Assertion")
    evil = evil_copy(true)
    evil.remove(evil.find(f"{SIGNATURE}Signature"))
    root.replace(true, evil)
    holder = root.makeelement(f"{PROTOCOL}Extensions")
    root.insert(1, holder)
    holder.append(true)
    return text(root)


def a_document_type(raw: bytes) -> bytes:
    return b'<!DOCTYPE a [<!ENTITY who "vera">]>' + raw.replace(b"vera@acme.test", b"&who;@acme.test")
