"""The first accepted email of a domain is noted once, with its moment; later ones cost nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from domains.models import SendingDomain
from mailtrap_site.testing.live_instance import wait_for
from mailtrap_site.testing.world import make_domain
from sending.submission.flush import flush
from sending.submission.payload import prepare
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db


def first_email(domain):
    return SendingDomain.objects.values_list("first_email_at", flat=True).get(pk=domain.pk)


def test_the_first_accepted_email_is_noted_and_the_second_changes_nothing(world):
    assert first_email(world.domain) is None
    submit([draft(world)])
    noted = first_email(world.domain)
    assert timezone.now() - noted < timedelta(seconds=20)
    submit([draft(world)])
    assert first_email(world.domain) == noted
    assert first_email(world.stranger_domain) is None


def test_a_refused_email_is_no_first_one(world):
    submit([draft(world, mail_from="x@mail.example.test", message=message(from_="x@mail.example.test"))])
    SendingDomain.objects.filter(pk=world.domain.pk).update(dns_verified_at=None)
    submit([draft(world)])
    assert first_email(world.domain) is None


def test_of_a_flush_for_several_domains_each_gets_its_own_note(world):
    shop = make_domain(world.account, "shop.test")
    idle = make_domain(world.account, "idle.test")
    drafts = [draft(world), draft(world, mail_from="a@shop.test", message=message(from_="a@shop.test"))]
    connection.ensure_connection()
    flush(connection.connection, [prepare(one) for one in drafts], timezone.now())
    assert first_email(world.domain) is not None
    assert first_email(shop) is not None
    assert first_email(idle) is None


def test_a_domain_that_has_sent_is_not_written_to(world):
    submit([draft(world)])
    with transaction.atomic(), connection.cursor() as cursor:
        before = versions(cursor)
        submit([draft(world), draft(world)])
        assert versions(cursor) == before


def versions(cursor):
    """Of the rows of all domains: an UPDATE would have made another, whatever it wrote."""
    cursor.execute("SELECT xmin::text, ctid::text FROM domains_sendingdomain ORDER BY id")
    return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_of_two_flushes_at_once_the_first_to_commit_is_kept(world):
    moments = [timezone.now() + timedelta(seconds=number) for number in range(2)]

    def accept(moment):
        try:
            connection.ensure_connection()
            [outcome] = flush(connection.connection, [prepare(draft(world))], moment)
            return outcome
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            # Both have read that no email was accepted yet, and wait.
            SendingDomain.objects.select_for_update().get(pk=world.domain.pk)
            earlier = pool.submit(accept, moments[0])
            wait_for(lambda: waiting() == 1, "the first flush before the domain's row")
            later = pool.submit(accept, moments[1])
            wait_for(lambda: waiting() == 2, "the second flush behind it")
        outcomes = [earlier.result(20), later.result(20)]
    assert all(isinstance(one, Accepted) for one in outcomes)
    assert first_email(world.domain) == moments[0]


def waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]
