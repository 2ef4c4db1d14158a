"""What staff search the tenants for."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget


class FindForm(forms.Form):
    """One line, whatever it names."""

    q = forms.CharField(
        label=_("Message ID, address, domain, token or account"),
        max_length=320,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "search"}),
    )
