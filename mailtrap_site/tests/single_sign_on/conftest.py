"""An account whose members may sign in at a provider of its own, and a SAML provider that others wrote."""

import html
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.test import Client
from django.utils import timezone

from accounts import single_sign_on
from accounts.models import Account, Role, SingleSignOn, User
from accounts.single_sign_on import Wanted
from billing import subscriptions
from billing.plans import PLANS, Feature
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.single_sign_on import saml_provider
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.testing.world import World, make_domain


@pytest.fixture
def offered(world: World, settings: Any) -> World:
    settings.DEBUG = True
    return offer(world)


def offer(world: World) -> World:
    """Acme has a plan with single sign-on, and has proved acme.test, whose addresses its members have."""
    plan = next(plan for plan in PLANS.on_offer if Feature.SSO in plan.features)
    subscriptions.put_on(world.account, plan, subscriptions.By(), timezone.now())
    make_domain(world.account, "acme.test")
    return world


def signed_in(client: Client) -> User | None:
    """Who the client's session belongs to."""
    return User.objects.filter(pk=client.session.get("_auth_user_id") or 0).first()


@dataclass(frozen=True)
class Provider:
    """A running one."""

    url: str
    certificate: str

    def set_up(self, account: Account, *certificates: str) -> SingleSignOn:
        """With the metadata that it publishes, or with other certificates."""
        found = saml_provider.from_metadata(requests.get(f"{self.url}/metadata", timeout=10).text)
        common = (found.entity_id, "", "", ["acme.test"], Role.VIEWER, False, SingleSignOn.Protocol.SAML)
        return single_sign_on.save(account, Wanted(*common, found.sso_url, certificates or found.certificates))

    def answer(self, question: str, email: str, **wrong: Any) -> str:
        """What its page would have the browser post."""
        query = urlencode({"as": email, "with": json.dumps(wrong)})
        page = requests.get(f"{question}&{query}", timeout=10)
        assert page.ok, page.text
        return html.unescape(re.findall(r'name="SAMLResponse"\s+value="([^"]+)"', page.text)[0])


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """One for all tests: it keeps nothing."""
    folder, port = tmp_path_factory.mktemp("provider"), free_port()
    certificate = make_certificate(folder)
    command = ["node", "saml_identity_provider.mjs", str(port), str(folder / "key.pem"), str(folder / "cert.pem")]
    with subprocess.Popen(command, cwd=NODE_DIR, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert "ready" in running.stdout.readline(), "the provider ended"
        yield Provider(f"http://127.0.0.1:{port}", certificate)
        running.kill()


def make_certificate(folder: Path) -> str:
    key = rsa.generate_private_key(65537, 2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider")]), datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=9)).sign(key, SHA256())
    pem = built.public_bytes(Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pem.decode()
