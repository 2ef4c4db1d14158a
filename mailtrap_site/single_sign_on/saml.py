"""SAML 2.0 with python3-saml: what we ask of an account's provider, and what its answer says once all of it is proved.

The library checks the answer's form, its signature, times, issuer and audience; where it lets a missing limit pass we
ask for the limit. It is optional (requirements-saml.txt), so it is imported where it is used.
"""

from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape

from accounts.models import SingleSignOn
from accounts.models.single_sign_on import slug_of

MOST_CHARACTERS = 256 * 1024
"""Of an answer, in base64."""
LONGEST_ID = 191
"""What django-allauth stores of a person's identifier."""
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_NAMES = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion", "ds": "http://www.w3.org/2000/09/xmldsig#"}
_MORE, _ENC = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#"
_SIGNATURES = {f"{_MORE}{kind}-sha{size}" for kind in ("rsa", "ecdsa") for size in (256, 384, 512)}
_DIGESTS = {f"{_ENC}sha256", f"{_MORE}sha384", f"{_ENC}sha512"}
EMAIL = (
    "email",
    "mail",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
"""Attributes that hold an address, as providers name them; without one it is the name identifier."""
NAME = ("displayName", "urn:oid:2.16.840.1.113730.3.1.241", "http://schemas.microsoft.com/identity/claims/displayname")


class Flaw(StrEnum):
    """Why an answer is not believed; `saml_views` has words for each."""

    UNSIGNED = "unsigned"
    ALGORITHM = "algorithm"
    ENCRYPTED = "encrypted"
    AUDIENCE = "audience"
    TIME = "time"
    REFUSED = "refused"
    UNASKED = "unasked"
    REPLAYED = "replayed"
    OTHER_BROWSER = "other_browser"
    UNREADABLE = "unreadable"


class NotBelieved(Exception):
    """`detail` is for the log."""

    def __init__(self, flaw: Flaw, detail: str = "") -> None:
        super().__init__(flaw.value, detail)
        self.flaw, self.detail = flaw, detail


@dataclass(frozen=True, slots=True)
class Said:
    """What the provider vouches for, read from the signed assertion alone."""

    assertion_id: str
    question_id: str
    """The question that it answers."""
    person: str
    """By what the provider tells people apart, at most 191 characters."""
    email: str
    """As it was said; may be empty."""
    name: str


def is_here() -> bool:
    """Whether this instance has the library."""
    return find_spec("onelogin") is not None


def addresses(account_id: int) -> dict[str, str]:
    """What a provider is told of us: `entity_id` (which is where our metadata are) and `acs_url`."""
    names = {"entity_id": "saml_metadata", "acs_url": "saml_answer"}
    args = [slug_of(account_id)]
    return {key: settings.SITE_URL + reverse(f"single_sign_on:{name}", args=args) for key, name in names.items()}


def metadata(account_id: int) -> bytes:
    """Ours, as XML; there before anything is set up, since many providers ask for it first."""
    from onelogin.saml2.settings import OneLogin_Saml2_Settings

    found = OneLogin_Saml2_Settings(_configuration(account_id), sp_validation_only=True).get_sp_metadata()
    return found if isinstance(found, bytes) else found.encode()


def question(row: SingleSignOn) -> tuple[str, str]:
    """A fresh one: its ID, and the address that carries it to the provider."""
    from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request

    asked = OneLogin_Saml2_Authn_Request(_settings(row), set_nameid_policy=False)
    parts = urlsplit(row.sso_url)
    query = "&".join(filter(None, [parts.query, urlencode({"SAMLRequest": asked.get_request()})]))
    return asked.get_id(), parts._replace(query=query, fragment="").geturl()


def read(row: SingleSignOn, answer: str) -> Said:
    """What the answer says (base64 of a samlp:Response). Raises NotBelieved."""
    from onelogin.saml2.response import OneLogin_Saml2_Response

    if not 0 < len(answer) <= MOST_CHARACTERS:
        raise NotBelieved(Flaw.UNREADABLE, "size")
    try:
        response = OneLogin_Saml2_Response(_settings(row), answer)
        if response.get_in_response_to() is None:
            raise NotBelieved(Flaw.UNASKED)
        response.is_valid(_as_it_came(addresses(row.account_id)["acs_url"]), raise_exceptions=True)
        return _strictly(row, response)
    except NotBelieved:
        raise
    except Exception as problem:  # whatever the parsers raise at bytes of strangers
        raise NotBelieved(_flaw_of(problem), str(problem)[:200]) from problem


def _strictly(row: SingleSignOn, response: Any) -> Said:
    """What SAML 2.0 asks of a browser's answer (profiles, section 4.1.4.3) and the library lets pass when missing."""
    ours, document = addresses(row.account_id), response.document
    if document.get("Destination") not in (None, ours["acs_url"]):
        raise NotBelieved(Flaw.AUDIENCE, "destination")
    _weigh_signatures(document)
    [assertion] = document.findall("saml:Assertion", _NAMES)
    heard_by = [
        {audience.text for audience in one.findall("saml:Audience", _NAMES)}
        for one in assertion.findall("saml:Conditions/saml:AudienceRestriction", _NAMES)
    ]
    if not heard_by or not all(ours["entity_id"] in audiences for audiences in heard_by):
        raise NotBelieved(Flaw.AUDIENCE, "audience")
    path = f"saml:Subject/saml:SubjectConfirmation[@Method='{_BEARER}']/saml:SubjectConfirmationData"
    confirmations = assertion.findall(path, _NAMES)
    if len(confirmations) != 1 or confirmations[0].get("Recipient") != ours["acs_url"]:
        raise NotBelieved(Flaw.AUDIENCE, "recipient")
    question_id = confirmations[0].get("InResponseTo")
    if not question_id or question_id != response.get_in_response_to():
        raise NotBelieved(Flaw.UNASKED, "assertion")
    if not confirmations[0].get("NotOnOrAfter"):
        raise NotBelieved(Flaw.TIME, "no end")
    name_id, attributes = response.get_nameid_data(), response.get_attributes()
    email = _first(attributes, EMAIL) or name_id["Value"]
    person = email.lower() if name_id.get("Format") == _TRANSIENT else name_id["Value"]
    if len(person) > LONGEST_ID:
        raise NotBelieved(Flaw.UNREADABLE, "name identifier")
    return Said(assertion.get("ID"), question_id, person, email.strip(), _first(attributes, NAME))


def _weigh_signatures(document: Any) -> None:
    """SHA-2 alone, and one reference each: the library looks at the first and at a list of what is known to be bad."""
    for signature in document.iter(f"{{{_NAMES['ds']}}}Signature"):
        method = signature.find(".//ds:SignatureMethod", _NAMES)
        references = signature.findall(".//ds:Reference", _NAMES)
        digests = [one.get("Algorithm") for one in signature.findall(".//ds:DigestMethod", _NAMES)]
        if method.get("Algorithm") not in _SIGNATURES or not _DIGESTS.issuperset(digests):
            raise NotBelieved(Flaw.ALGORITHM)
        if len(references) != 1 or not references[0].get("URI"):
            raise NotBelieved(Flaw.UNREADABLE, "references")


def _first(attributes: dict[str, list[Any]], names: tuple[str, ...]) -> str:
    found = (value for name in names for value in attributes.get(name, []) if isinstance(value, str))
    return next(found, "")


def _flaw_of(problem: Exception) -> Flaw:
    from onelogin.saml2.errors import OneLogin_Saml2_Error as Failure
    from onelogin.saml2.errors import OneLogin_Saml2_ValidationError as Wrong

    if isinstance(problem, Wrong):
        return {
            Wrong.NO_SIGNED_ASSERTION: Flaw.UNSIGNED,
            Wrong.NO_SIGNATURE_FOUND: Flaw.UNSIGNED,
            Wrong.DEPRECATED_SIGNATURE_METHOD: Flaw.ALGORITHM,
            Wrong.DEPRECATED_DIGEST_METHOD: Flaw.ALGORITHM,
            Wrong.WRONG_AUDIENCE: Flaw.AUDIENCE,
            Wrong.WRONG_DESTINATION: Flaw.AUDIENCE,
            Wrong.WRONG_SUBJECTCONFIRMATION: Flaw.AUDIENCE,
            Wrong.ASSERTION_TOO_EARLY: Flaw.TIME,
            Wrong.ASSERTION_EXPIRED: Flaw.TIME,
            Wrong.SESSION_EXPIRED: Flaw.TIME,
            Wrong.STATUS_CODE_IS_NOT_SUCCESS: Flaw.REFUSED,
        }.get(problem.code, Flaw.UNREADABLE)
    encrypted = isinstance(problem, Failure) and problem.code == Failure.PRIVATE_KEY_NOT_FOUND
    return Flaw.ENCRYPTED if encrypted else Flaw.UNREADABLE


def _settings(row: SingleSignOn) -> Any:
    from onelogin.saml2.settings import OneLogin_Saml2_Settings

    provider = {
        "entityId": row.issuer,
        # Goes into the XML of a question as it is.
        "singleSignOnService": {"url": escape(row.sso_url)},
        "x509certMulti": {"signing": list(row.certificates)},
    }
    return OneLogin_Saml2_Settings(_configuration(row.account_id) | {"idp": provider}, sp_validation_only=True)


def _configuration(account_id: int) -> dict[str, Any]:
    ours = addresses(account_id)
    return {
        "strict": True,
        "sp": {"entityId": ours["entity_id"], "assertionConsumerService": {"url": ours["acs_url"]}},
        "security": {
            "wantAssertionsSigned": True,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            "wantAttributeStatement": False,
            "allowRepeatAttributeName": True,
            "allowSingleLabelDomains": True,
            "metadataValidUntil": "",
        },
    }


def _as_it_came(acs_url: str) -> dict[str, str]:
    """The request in the library's words: at our own address, whatever host a client names."""
    parts = urlsplit(acs_url)
    https = "on" if parts.scheme == "https" else "off"
    return {"https": https, "http_host": parts.netloc, "script_name": parts.path, "request_uri": parts.path}
