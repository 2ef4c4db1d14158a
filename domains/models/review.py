"""Compliance reviews of domains: what the rules found, what was asked and answered, and who decided why."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from domains.models.domain import SendingDomain


class ComplianceReview(models.Model):
    """One review; a domain may have several, and the last one counts. Written by `domains.compliance`."""

    class State(models.TextChoices):
        AUTOMATIC = "automatic", _("The rules are looking")
        QUESTIONS = "questions", _("Waiting for the customer's answers")
        CARD = "card", _("Waiting for a card check")
        MANUAL = "manual", _("Waiting for staff")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="reviews")
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.AUTOMATIC)
    findings = models.JSONField(default=list)
    """`[{"rule": …, "weight": n, "detail": {…}}]`."""
    score = models.IntegerField(_("score"), default=0)
    """The sum of the weights."""
    question = models.TextField(blank=True)
    """What staff asked and nobody has answered; empty where the questionnaire is what waits."""
    exchanges = models.JSONField(default=list)
    """Earlier questions of staff: `[{"question": …, "answer": …, "answered_at": ISO 8601}]`, oldest first."""
    answers = models.JSONField(default=dict)
    """The questionnaire as it was answered: `{question code: text}`."""
    answered_at = models.DateTimeField(null=True, editable=False)
    reason = models.TextField(_("reason"), blank=True)
    """Of the decision, for staff and customer alike."""
    decided_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """Null where the rules decided."""
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)
    created_at = models.DateTimeField(_("began"), default=timezone.now, editable=False)
    state_since = models.DateTimeField(default=timezone.now, editable=False)
    """Changes with each step, so that two people at the desk cannot both act on what they saw."""

    objects: ClassVar[models.Manager["ComplianceReview"]] = models.Manager()

    class Meta:
        verbose_name = _("compliance review")
        verbose_name_plural = _("compliance reviews")
        constraints = [
            models.UniqueConstraint(
                fields=["domain"],
                condition=models.Q(state__in=["automatic", "questions", "card", "manual"]),
                name="one_open_review_a_domain",
            )
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="review_queue")]

    def __str__(self) -> str:
        return f"{self.domain} ({self.state})"
