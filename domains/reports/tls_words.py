"""The words of TLS reports: policies and result types (RFC 8460 sections 4.2 and 4.3)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

POLICIES: dict[str, str | Promise] = {
    "sts": _("MTA-STS"),
    "tlsa": _("DANE (TLSA)"),
    "no-policy-found": _("None: TLS where both can"),
}
RESULTS: dict[str, str | Promise] = {
    "starttls-not-supported": _("The server did not offer STARTTLS. Turn TLS on there."),
    "certificate-host-mismatch": _(
        "The certificate is for another name. It has to hold the name that the MX record gives the server."
    ),
    "certificate-expired": _("The certificate has run out. Renew it, and look at why it did not renew by itself."),
    "certificate-not-trusted": _(
        "The certificate is of an authority that the sender does not trust, or certificates between are missing."
    ),
    "validation-failure": _("The certificate or the connection did not stand, for a reason the sender did not name."),
    "tlsa-invalid": _(
        "No TLSA record fits the certificate of the server. Publish the record of a new certificate before you use it."
    ),
    "dnssec-invalid": _("The signatures of your zone (DNSSEC) did not stand. Ask whoever runs your DNS."),
    "dane-required": _("The sender asks for DANE, and no server with a usable TLSA record was there."),
    "sts-policy-fetch-error": _(
        "The policy file could not be fetched. Its server has to answer by https with a certificate that stands."
    ),
    "sts-policy-invalid": _("The policy file could not be read. The check on this page names the line."),
    "sts-webpki-invalid": _(
        "The server's certificate did not stand, and the policy asks that it does. Check names, date and authority."
    ),
}
UNKNOWN_RESULT = _("A result that the standard does not name.")
