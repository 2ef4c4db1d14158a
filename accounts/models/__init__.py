"""People, tenants and what they hold: users, accounts, members, invitations, API tokens, audit log, notifications."""

from accounts.models.account import Account
from accounts.models.audit_entry import AuditEntry
from accounts.models.invitation import Invitation
from accounts.models.membership import Membership, Role
from accounts.models.notification import Notification
from accounts.models.single_sign_on import SingleSignOn
from accounts.models.support_visit import SupportVisit
from accounts.models.token import ApiToken
from accounts.models.user import User

__all__ = [
    "Account",
    "ApiToken",
    "AuditEntry",
    "Invitation",
    "Membership",
    "Notification",
    "Role",
    "SingleSignOn",
    "SupportVisit",
    "User",
]
