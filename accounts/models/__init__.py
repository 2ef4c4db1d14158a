"""People, tenants, and what they hold: users, accounts, memberships, API tokens, the audit log, notifications."""

from accounts.models.account import Account
from accounts.models.audit_entry import AuditEntry
from accounts.models.membership import Membership, Role
from accounts.models.notification import Notification
from accounts.models.single_sign_on import SingleSignOn
from accounts.models.token import ApiToken
from accounts.models.user import User

__all__ = ["Account", "ApiToken", "AuditEntry", "Membership", "Notification", "Role", "SingleSignOn", "User"]
