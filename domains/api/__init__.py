"""The general API's sending domains (contract 2.4), under both of the names that clients use."""

from domains.api.company import router as company_router
from domains.api.routes import router

__all__ = ["company_router", "router"]
