"""What staff fill in about a review: always a reason or a question, which the customer reads."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget


class ActForm(forms.Form):
    """`seen` is the review's `state_since` as the page showed it."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}))
