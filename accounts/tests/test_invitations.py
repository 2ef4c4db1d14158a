"""Somebody is invited by letter, and joins with the address that the letter went to."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, seats
from accounts.invitations import BadInvitation, InvitationEnded, NotInvited
from accounts.models import AuditEntry, Invitation, Membership, Role, User
from accounts.people import By, Rights
from accounts.seats import NoSeatLeft, limit_seats_by, seats_of
from mailtrap_site.testing.world import World, make_user


@pytest.fixture
def roomy(monkeypatch):
    """Without the plan's limit of seats, unless a test sets one."""
    monkeypatch.setattr(seats, "_limit", lambda account: None)


def invite(world: World, email: str = "Ivy@New.test", role: Role = Role.VIEWER) -> Invitation:
    return invitations.invite(world.account, email, Rights(role), By())


def link_in(letter: mail.EmailMessage) -> str:
    [link] = re.findall(r"http://localhost:8020(/invitations/\S+/)", str(letter.body))
    return str(link)


def page(world: World, name: str, *more: object) -> str:
    return reverse(f"accounts:{name}", args=[world.account.pk, *more])


pytestmark = pytest.mark.usefixtures("roomy")


def test_a_newcomer_signs_up_by_the_link_and_belongs_to_the_account(world, client, django_capture_on_commit_callbacks):
    client.force_login(world.alice)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(world, "invitation_add"), {"email": "ivy@new.test", "role": "viewer", "sees_content": "on"})
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == (["ivy@new.test"], "Alice invites you to Acme")
    newcomer, link = Client(), link_in(letter)
    assert "Create your sign-in" in newcomer.get(link).text
    assert not User.objects.filter(email="ivy@new.test").exists()
    assert newcomer.post(link)["Location"] == reverse("account_signup")
    assert 'value="ivy@new.test"' in newcomer.get(reverse("account_signup")).text
    form = {"name": "Ivy", "email": "ivy@new.test", "password1": "a quite long pass phrase"}
    with django_capture_on_commit_callbacks(execute=True):
        assert newcomer.post(reverse("account_signup"), form).status_code == 302
    ivy = User.objects.get(email="ivy@new.test")
    own = Membership.objects.get(user=ivy)
    assert (own.account, own.role, own.sees_content) == (world.account, Role.VIEWER, True)
    assert EmailAddress.objects.get(user=ivy).verified
    assert newcomer.get("/")["Location"] == f"/a/{world.account.pk}/"
    assert newcomer.get(link).status_code == 410
    assert AuditEntry.objects.filter(action="membership.joined", actor=ivy).exists()


def test_whoever_types_another_address_at_sign_up_does_not_take_the_invitation(world):
    invitation, newcomer = invite(world), Client()
    newcomer.post(invitations.link_path(invitation))
    session = newcomer.session
    session["account_verified_email"] = None
    session.save()
    form = {"name": "Eve", "email": "eve@new.test", "password1": "a quite long pass phrase"}
    newcomer.post(reverse("account_signup"), form)
    assert User.objects.get(email="eve@new.test").memberships.get().account != world.account
    assert Invitation.objects.filter(pk=invitation.pk).exists()


def test_who_has_a_sign_in_accepts_as_the_invited_address_alone(world, client):
    link = invitations.link_path(invite(world, "dora@other.test"))
    dora = make_user("dora@other.test")
    signed_out = client.post(link)
    assert signed_out["Location"].startswith(f"{reverse('account_login')}?next=/invitations/")
    client.force_login(world.charlie)
    told = client.get(link)
    assert told.status_code == 403
    assert "dora@other.test" in told.text
    assert client.post(link).status_code == 403
    client.force_login(dora)
    assert "Accept the invitation" in client.get(link).text
    assert client.post(link)["Location"] == f"/a/{world.account.pk}/"
    assert dora.memberships.get().account == world.account


def test_a_further_confirmed_address_of_somebody_is_theirs_too(world):
    invitation = invite(world, "private@dora.test")
    dora = make_user("dora@other.test")
    address = EmailAddress.objects.create(user=dora, email="private@dora.test", verified=False)
    assert not invitations.is_for(invitation, dora)
    address.verified = True
    address.save()
    assert invitations.is_for(invitation, dora)


def test_an_invitation_ends_when_it_is_revoked_or_old_and_a_made_up_link_is_none(world, client):
    invitation = invite(world)
    token = invitations.link_path(invitation).split("/")[-2]
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(InvitationEnded):
        invitations.read_link(token)
    invitations.send_again(invitation, By())
    assert invitations.read_link(token).expires_at > timezone.now() + timedelta(days=6)
    client.force_login(world.bob)
    where = page(world, "invitation_revocation", invitation.pk)
    assert "Revoke the invitation to ivy@new.test?" in client.get(where).text
    client.post(where)
    assert client.get(invitations.link_path(invitation)).status_code == 410
    with pytest.raises(BadInvitation):
        invitations.read_link("nonsense")
    assert client.get(reverse("accounts:invitation", args=["nonsense"])).status_code == 404


def test_open_invitations_take_seats_and_give_them_back(world):
    limit_seats_by(lambda account: 4)
    try:
        invitation = invite(world)
        assert seats_of(world.account) == (4, 4)
        with pytest.raises(NoSeatLeft):
            invite(world, "second@new.test")
        invitations.accept(invitation, make_user("ivy@new.test"), None)
        assert seats_of(world.account) == (4, 4)
        world.account.memberships.get(user=world.vera).delete()
        late = invite(world, "late@new.test")
        Invitation.objects.update(expires_at=timezone.now())
        assert seats_of(world.account) == (3, 4)
        invite(world, "next@new.test")
        with pytest.raises(NoSeatLeft):
            invitations.send_again(late, By())
    finally:
        from billing.seats import seats_by_plan

        limit_seats_by(seats_by_plan)


def test_a_plan_that_became_too_small_lets_nobody_in(world, monkeypatch):
    invitation, ivy = invite(world), make_user("ivy@new.test")
    monkeypatch.setattr(seats, "_limit", lambda account: 3)
    client = Client()
    client.force_login(ivy)
    answer = client.post(invitations.link_path(invitation))
    assert answer.status_code == 409
    assert Invitation.objects.filter(pk=invitation.pk).exists()


def test_a_member_and_an_invited_address_are_not_invited_again(world, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    invite(world)
    for email, code in (("ivy@new.test", "invited"), ("vera@acme.test", "member")):
        with pytest.raises(NotInvited) as refused:
            invite(world, email)
        assert refused.value.code == code
    with pytest.raises(NotInvited, match="often"):
        for number in range(40):
            invite(world, f"many{number}@new.test")


def test_the_plan_says_on_the_page_that_no_seat_is_left(world, client, monkeypatch):
    monkeypatch.setattr(seats, "_limit", lambda account: 3)
    client.force_login(world.alice)
    text = client.get(page(world, "people")).text
    assert "3 of 3 seats are taken" in text
    assert page(world, "invitation_add") not in text
    refused = client.post(page(world, "invitation_add"), {"email": "a@new.test", "role": "viewer"})
    assert refused.status_code == 422
    assert "All 3 seats of the plan are taken" in refused.text


def test_an_admin_invites_no_owner(world, client):
    client.force_login(world.bob)
    refused = client.post(page(world, "invitation_add"), {"email": "a@new.test", "role": "owner"})
    assert refused.status_code == 422
