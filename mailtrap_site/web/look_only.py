"""For the support desk: tables that staff read, and that the service or its customers alone write."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


class LookOnly:
    """Mixed into an admin class or an inline: nobody adds, changes or deletes here; who may view sees."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django's own history knows what staff changed in forms, which nobody does here: the audit log has it all."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        audit_log = reverse("admin:accounts_auditentry_changelist")
        return redirect(f"{audit_log}?{urlencode({'q': self._name_in_audit_log(object_id)})}")

    def _name_in_audit_log(self, object_id: str) -> str:
        """What the search of the audit log is given to find entries of the object."""
        found = self.model._default_manager.filter(pk=object_id).first()  # type: ignore[attr-defined]
        return str(found or object_id)
