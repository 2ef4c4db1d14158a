"""For the support desk: tables that staff read, and that the service or its customers alone write."""

from typing import Any

from django.http import HttpRequest


class LookOnly:
    """Mixed into an admin class or an inline: nobody adds, changes or deletes here; who may view sees."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
