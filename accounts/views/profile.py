"""A person's own page: name and time zone; address, password and second factor are allauth's pages."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import ProfileForm
from accounts.models import User
from accounts.sign_in_news import record_for_all


@require_http_methods(["GET", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Shows and saves the profile of whoever is signed in."""
    assert isinstance(request.user, User)
    user = User.objects.get(pk=request.user.pk)  # a copy, so that an invalid form does not change the page's reader
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        changes = {name: {"from": form.initial[name], "to": form.cleaned_data[name]} for name in form.changed_data}
        with transaction.atomic():
            form.save()
            if changes:
                record_for_all("user.profile_changed", user, request, changes)
        messages.success(request, _("Your profile was saved."))
        return redirect("accounts:profile")
    status = 422 if form.is_bound else 200
    memberships = user.memberships.select_related("account").order_by("account__name", "pk")
    return render(request, "accounts/profile.html", {"form": form, "memberships": memberships}, status=status)
