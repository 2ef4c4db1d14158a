"""What an account says about its SAML provider: metadata as XML, or its three values one by one."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.utils.translation import gettext as _

from mailtrap_site.single_sign_on.discovery import NoProvider

MOST_CHARACTERS = 256 * 1024
MOST_CERTIFICATES = 8
LEAST_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class Provider:
    """`certificates` are PEM, at least one."""

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]


def from_metadata(xml: str) -> Provider:
    """The provider that a document describes (SAML 2.0 metadata). Raises NoProvider."""
    from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

    try:
        found = OneLogin_Saml2_IdPMetadataParser.parse(xml.strip().encode()).get("idp", {})
    except Exception as problem:  # whatever the parser raises at what somebody pasted
        raise NoProvider(_("This is no XML that we can read; document types and entities are refused.")) from problem
    certificates = found.get("x509certMulti", {}).get("signing") or list(filter(None, [found.get("x509cert")]))
    sso_url = found.get("singleSignOnService", {}).get("url", "")
    if not found.get("entityId") or not certificates:
        raise NoProvider(_("The metadata describe no identity provider with a certificate."))
    if not sso_url:
        raise NoProvider(_("The metadata name no sign-in address for HTTP-Redirect."))
    return from_values(found["entityId"], sso_url, certificates)


def from_values(entity_id: str, sso_url: str, certificates: list[str]) -> Provider:
    """Each certificate is PEM, or its base64 alone. Raises NoProvider."""
    parts = urlsplit(sso_url)
    if parts.scheme not in (("https", "http") if settings.DEBUG else ("https",)) or not parts.hostname:
        raise NoProvider(_("The sign-in address must begin with https://."))
    if len(entity_id) > 1024 or len(sso_url) > 1024:
        raise NoProvider(_("The entity ID and the sign-in address may have 1,024 characters each."))
    if len(certificates) > MOST_CERTIFICATES:
        raise NoProvider(_("There are more than %(most)s certificates.") % {"most": MOST_CERTIFICATES})
    return Provider(entity_id, sso_url, tuple(dict.fromkeys(_pem(one) for one in certificates)))


def split_certificates(text: str) -> list[str]:
    """Several may stand one after the other, as PEM."""
    end = "-----END CERTIFICATE-----"
    return [part + end for part in text.split(end)[:-1]] if end in text else [text]


def _pem(text: str) -> str:
    bare = "".join(text.replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "").split())
    try:
        found = x509.load_pem_x509_certificate(
            f"-----BEGIN CERTIFICATE-----\n{bare}\n-----END CERTIFICATE-----\n".encode()
        )
        key = found.public_key()
    except ValueError as problem:
        raise NoProvider(_("The certificate is none that we can read; paste it as PEM.")) from problem
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise NoProvider(_("The certificate’s key is too short: RSA needs 2,048 bits or more."))
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise NoProvider(_("The certificate’s key must be RSA or elliptic curve."))
    return found.public_bytes(Encoding.PEM).decode()
