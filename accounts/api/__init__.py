"""The general API's view of accounts, their people and their tokens (contract 2.11)."""

from ninja import Router

from accounts.api.accesses import router as accesses
from accounts.api.accounts import router as accounts_router
from accounts.api.permissions import router as permissions
from accounts.api.tokens import router as tokens

routers: tuple[Router, ...] = (tokens, accesses, permissions)
"""Mounted in both dialects of paths; `accounts_router` stands once, at the root, for its path has no account."""

__all__ = ["accounts_router", "routers"]
