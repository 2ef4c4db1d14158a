"""What is put into a mail, settled when it is accepted: the client's wish, the domain's options and the plan."""

from collections.abc import Collection

from billing.plans import Feature
from domains.records import link_host
from sending.models import Stream
from sending.policy.standing import Standing
from sending.protocol.additions import Additions
from sending.protocol.list_fields import feedback_id


def settle(
    standing: Standing,
    *,
    account_id: int,
    domain: str,
    stream: Stream,
    category: str | None,
    wants_opens: bool | None,
    wants_clicks: bool | None,
    features: Collection[Feature],
    platform_url: str,
) -> Additions | None:
    """None for what the platform itself sends. A wish goes before the domain's option, except that tracked clicks are
    for plans that include them; a domain that has them on keeps them."""
    if standing.is_platform or standing.domain_id is None:
        return None
    links = standing.links
    may_click = links.clicks or Feature.CLICK_TRACKING in features
    is_bulk = stream is Stream.BULK
    return Additions(
        base=f"https://{link_host(domain)}" if links.under_own_name else platform_url,
        opens=links.opens if wants_opens is None else wants_opens,
        clicks=links.clicks if wants_clicks is None else wants_clicks and may_click,
        unsubscribe_footer=is_bulk or links.unsubscribe,
        opt_out_footer=links.opt_out,
        feedback_id=feedback_id(account_id, standing.domain_id, stream.value, category) if is_bulk else "",
        sender=links.company if is_bulk else "",
    )
