"""A session with the first exchanger of a route that grants one."""

import random

from django.conf import settings

from sending.delivery.evidence import Contact, Ending, ending_of_failure, no_tls_ending
from sending.delivery.routes import NoRoute, Route, addresses_of, is_address, source_for
from sending.delivery.session import OpeningFailed, Session
from sending.models import Attempt
from sending.replies.classify import Phase

MOST_ADDRESSES = 10
"""Tried for one session, over all exchangers; a zone may name any number."""


class NoSession(Exception):
    """No exchanger of the route took a connection; the ending and the contact are those of the most telling failure.

    `was_answered`: a server spoke, if only to refuse us."""

    def __init__(self, ending: Ending, contact: Contact) -> None:
        super().__init__(str(ending.reply))
        self.ending = ending
        self.contact = contact

    @property
    def was_answered(self) -> bool:
        return not self.ending.is_local


async def open_session(route: Route) -> Session:
    """A session with the first exchanger that grants one, in order of preference, those of one preference at random
    (RFC 5321 section 5.1). Raises `NoSession`."""
    failures: list[tuple[Ending, Contact]] = []
    left = MOST_ADDRESSES
    for exchanger in sorted(route.exchangers, key=lambda one: (one.preference or 0, random.random())):  # noqa: S311
        addresses = await addresses_of(exchanger, route)
        if isinstance(addresses, NoRoute):
            failures.append((no_route_ending(addresses), Contact(host=exchanger.host, preference=exchanger.preference)))
            continue
        for address in addresses[:left]:
            left -= 1
            source = source_for(address, route)
            contact = Contact(host=exchanger.host, ip=_ip(address), preference=exchanger.preference)
            if isinstance(source, NoRoute):
                failures.append((no_route_ending(source), contact))
                continue
            hostname = source.name if source is not None and source.name else settings.PLATFORM_DOMAIN
            try:
                return await Session.open(
                    exchanger, address, route, hostname, local_ip=source.address if source is not None else None
                )
            except OpeningFailed as failed:
                failures.append((_ending_of(failed, route), contact))
    # One temporary failure leaves hope for the whole route.
    temporary = [one for one in failures if one[0].verdict.outcome is not Attempt.Outcome.BOUNCED]
    ending, contact = (temporary or failures)[-1]
    raise NoSession(ending, contact)


def _ending_of(failed: OpeningFailed, route: Route) -> Ending:
    ending = ending_of_failure(failed.failure)
    if route.tls.for_domain and ending.is_local and (failed.in_tls or ending.phase is Phase.STARTTLS):
        return no_tls_ending(ending)
    return ending


def no_route_ending(route: NoRoute) -> Ending:
    """What it means that there is no route."""
    return Ending(route.verdict, Phase.DNS, route.reply, is_local=True)


def contact_of(session: Session) -> Contact:
    """Whom a session spoke to."""
    return Contact(
        host=session.exchanger.host,
        ip=session.address,
        preference=session.exchanger.preference,
        source_ip=session.source_ip,
        tls=session.tls,
        timing=dict(session.timing),
    )


def _ip(address: str) -> str | None:
    return address if is_address(address) else None
