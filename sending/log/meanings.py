"""What refusals mean and who can mend them: words by the contract's bounce categories, by cure and by reason."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sending.models import TLS_REQUIRED
from sending.replies.classify import Category, Cure

Words = str | Promise

MEANINGS: dict[str, Words] = {
    Category.BAD_RECIPIENT: _("The part before the @ is not known there: the mailbox does not exist, or no more."),
    Category.OVER_QUOTA: _("The mailbox is full and takes no more mail."),
    Category.TIMEOUT: _("The receiving server did not answer in time."),
    Category.TRANSIENT_FAIL: _("The server could not take the mail now."),
    Category.GREYLISTING: _(
        "The server turns strangers away once and lets them in when they come back. This is normal."
    ),
    Category.BAD_SENDER: _("The server does not accept the sender's address."),
    Category.BLOCK: _("The server refuses mail of this sender or from this address by its own policy."),
    Category.CONTENT: _("The server refuses the content: its size, its form, or an attachment."),
    Category.DNS_FAIL: _("The receiving domain takes no mail, or its DNS cannot be read."),
    Category.GENERAL_FAIL: _("The server refused it in words that we do not know."),
    Category.OTHER: _("The server gave no reason that we know."),
    Category.RELAY_FAIL: _("The server does not accept mail for this domain."),
    Category.SERVER_FAIL: _("The receiving server has a trouble of its own."),
    Category.SPAM: _("The server took the mail for spam."),
    Category.VERIFY_FAIL: _("The server could not verify the sender: SPF, DKIM or DMARC did not pass there."),
    Category.SERVER_POLICY: _("The server refuses this mail by a policy of its own."),
    Category.SPAM_GMAIL: _("Gmail took the mail for spam."),
}

OWNERS: dict[Cure, Words] = {
    Cure.SENDER: _("You: it is about your mail, your address or your domain."),
    Cure.RECIPIENT: _("The recipient: nothing on your side or ours is wrong."),
    Cure.RECEIVER: _("The people who run the receiving server. Often it mends itself."),
    Cure.OPERATOR: _("We: it is about the servers that send your mail, and our staff see it too."),
}
"""Who can mend it."""

_OWN_RECORDS = _("Open the sending domain and check its DNS records.")
_CONTENT_AND_CONSENT = _("Check the content and the links, and send only to people who asked for it.")
_WAIT = _("Nothing. We come back by ourselves.")
_POSTMASTER = _("Read the answer above; the postmaster of the receiving domain can tell more.")

ACTS: dict[tuple[str, Cure], Words] = {
    (Category.BAD_RECIPIENT, Cure.RECIPIENT): _("Ask the reader for another address, or look for a typing error."),
    (Category.BAD_RECIPIENT, Cure.SENDER): _("Look for a typing error in the address, and take it off your own list."),
    (Category.OVER_QUOTA, Cure.RECIPIENT): _(
        "Reach the reader in another way; a full mailbox is often one that nobody reads."
    ),
    (Category.TIMEOUT, Cure.RECEIVER): _(
        "Nothing, if it is rare. A server that stays silent for days is usually gone."
    ),
    (Category.TRANSIENT_FAIL, Cure.RECEIVER): _WAIT,
    (Category.GREYLISTING, Cure.RECEIVER): _WAIT,
    (Category.BAD_SENDER, Cure.SENDER): _(
        "Check that the domain's DNS records still stand, and that the From address can take mail."
    ),
    (Category.BLOCK, Cure.SENDER): _(
        "Look whether your domain is on a blocklist; the answer often names it and says how to come off."
    ),
    (Category.BLOCK, Cure.RECEIVER): _("Ask the reader to have you let in, or the postmaster there why you are not."),
    (Category.CONTENT, Cure.SENDER): _("Make the mail smaller or plainer and send it again."),
    (Category.DNS_FAIL, Cure.RECEIVER): _("Check the part after the @ for a typing error."),
    (Category.DNS_FAIL, Cure.SENDER): _OWN_RECORDS,
    (Category.RELAY_FAIL, Cure.RECEIVER): _(
        "Check the part after the @; the domain's MX records may point to the wrong server."
    ),
    (Category.SERVER_FAIL, Cure.RECEIVER): _("Nothing. The trouble is on their side."),
    (Category.SPAM, Cure.SENDER): _CONTENT_AND_CONSENT,
    (Category.SPAM_GMAIL, Cure.SENDER): _(
        "Check the content and the links, and watch your domain in Google Postmaster Tools."
    ),
    (Category.VERIFY_FAIL, Cure.SENDER): _OWN_RECORDS,
    (Category.SERVER_POLICY, Cure.RECEIVER): _(
        "Read the answer: it usually names the policy. The postmaster there can tell more."
    ),
}
"""What the sender can do, where it differs by category; else by who can mend it alone."""

_ACTS_OF: dict[Cure, Words] = {
    Cure.SENDER: _("Read the answer: it usually says what is wrong. Mend that, then send it again."),
    Cure.RECIPIENT: _("Reach the reader in another way, and ask for another address."),
    Cure.RECEIVER: _POSTMASTER,
    Cure.OPERATOR: _("Nothing, other than sending it again later. If it is urgent, ask our support."),
}
OVER: Words = _("Send it again if it still matters. Reach the reader in another way if that fails too.")
"""Where waiting was the cure, and the tries are used up."""


def act(category: str, cure: Cure, *, is_over: bool) -> Words:
    """What the sender can do; `is_over`: nothing comes back by itself any more."""
    words = ACTS.get((category, cure)) or _ACTS_OF[cure]
    return OVER if is_over and words is _WAIT else words


OWN_RULES: dict[str, tuple[Words, Words, Words]] = {
    TLS_REQUIRED: (
        _("The receiving server offers no TLS that works, and this domain requires it."),
        _("The people who run the receiving server, or you: the domain's settings decide."),
        _("Ask the postmaster there for TLS, or let the domain send in the clear: its settings decide."),
    ),
}
"""What we decided ourselves, by the event's rule: what it means, who can mend it, what can be done."""
_OWN_PAUSE = _("You: the settings of the domain pause the stream.")
_GO_ON = _("Let the stream go on in the settings of the domain; the mail leaves in its order.")

HELD: dict[str, tuple[Words, Words, Words]] = {
    "account_suspended": (
        _("Held: the account is suspended"),
        _("We: our staff suspended the account, and can lift that."),
        _("Read the letter about the suspension and answer it, or ask our support."),
    ),
    "account_closing": (
        _("Held: the account is to be closed"),
        _("An owner of the account: they asked for it, and can undo that until its end."),
        _("Open the page Privacy and keep the account open. The mail leaves then."),
    ),
    "domain_suspended": (
        _("Held: the domain is suspended"),
        _("We: our staff suspended the sending domain, and can lift that."),
        _("Open the sending domain, which says why, and answer there, or ask our support."),
    ),
    "domain_not_verified": (
        _("Held: the domain's DNS records do not stand"),
        _("You, or whoever looks after the DNS of your domain."),
        _("Open the sending domain and put its DNS records right. The mail leaves once we have seen them."),
    ),
    "domain_not_compliant": (
        _("Held: the domain has to be approved first"),
        _("You and we: you answer what the review asks, we read it."),
        _("Open the sending domain and see what the review still needs."),
    ),
    "paused": (
        _("Held: sending is paused"),
        _("We: our staff paused this mail, and release it."),
        _("Nothing. It leaves by itself when the pause is over."),
    ),
    "transactional_paused": (
        _("Held: you paused the transactional stream of this domain"),
        _OWN_PAUSE,
        _GO_ON,
    ),
    "bulk_paused": (_("Held: you paused the bulk stream of this domain"), _OWN_PAUSE, _GO_ON),
    "by_hand": (
        _("Held: our staff stopped it"),
        _("We: our staff stopped this mail, and release it."),
        _("Ask our support if the reason is not clear."),
    ),
}
"""Code of the event that held it → the page's heading, who can mend it, what can be done."""

REJECTED: dict[str, tuple[Words, Words, Words, Words]] = {
    "suppressed": (
        _("Rejected: the address is suppressed"),
        _("The suppression list keeps mail from those who cannot or will not take it; the address was on it."),
        _("You, if the address works again and its owner wants your mail."),
        _("If its reader is to get mail again, reactivate the address and send the email once more."),
    ),
    "account_banned": (
        _("Rejected: the account is banned"),
        _("Our staff banned the account before the mail had left."),
        _("We: our staff can lift the ban, and then you send it again."),
        _("Read the letter about the ban and answer it, or ask our support."),
    ),
    "account_deleted": (
        _("Rejected: the account was deleted"),
        _("The account was deleted before the mail had left."),
        _("Nobody: it is never sent."),
        _("Send it from another account."),
    ),
    "domain_deleted": (
        _("Rejected: the domain was deleted"),
        _("The sending domain was deleted before the mail had left."),
        _("You, by sending it again."),
        _("Add the domain again, or send from another one."),
    ),
}
"""Code of the event that rejected it → heading, what it means, who can mend it, what can be done."""
