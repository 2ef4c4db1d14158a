"""A question to the support about one email, with its id filled in; and the answer beside the email."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from billing import requests
from sending.pages.reach import message_of


class QuestionForm(forms.Form):
    """What somebody wants to know; which email it is about stands in the address of the form."""

    question = forms.CharField(
        label=gettext_lazy("Your question"),
        max_length=1000,
        help_text=gettext_lazy("Our staff see where the email is and what was answered, not what is written in it."),
        error_messages={"required": gettext_lazy("A question is missing. Say what you expected, and what happened.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@account_view(Ability.SEND, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
def message_question(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    """Shows the form, and puts the question before staff."""
    message = message_of(request, message_id)
    form = QuestionForm(request.POST or None)
    if request.method != "POST":
        return render(request, "sending/question.html", {"message": message, "question_form": form})
    if not form.is_valid():
        return render(request, "sending/question.html", {"message": message, "question_form": form}, status=422)
    try:
        requests.ask_about_message(request.account, message.pk, form.cleaned_data["question"], request.user)
    except ValueError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Your question was sent. We write to you when it is answered."))
    return redirect("sending:message", request.account.pk, message.pk)
