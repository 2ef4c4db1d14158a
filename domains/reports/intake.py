"""Takes the reports out of a mail that came to one of our report mailboxes.

Anybody may write there and nobody reads the answer, so what is no report is logged and dropped. Only a database that
does not answer is an error, and the mail then comes again.
"""

from collections import Counter
from datetime import datetime

import structlog
from django.utils import timezone

from domains.reports.container import Document, Kind, documents
from domains.reports.dmarc_xml import parse_dmarc
from domains.reports.refusal import ReportRefused
from domains.reports.store import Fate, store_dmarc, store_tls
from domains.reports.tls_json import parse_tls

log = structlog.get_logger(__name__)


def take(mail: bytes) -> Counter[Fate]:
    """Keeps the reports of a mail; how many came to what. Takes up to some seconds for the largest."""
    now = timezone.now()
    fates: Counter[Fate] = Counter()
    try:
        found = documents(mail)
    except ReportRefused as refusal:
        log.info("report_refused", reason=refusal.reason, octets=len(mail))
        return Counter({Fate.REFUSED: 1})
    for document in found:
        try:
            fates += _store(document, now)
        except ReportRefused as refusal:
            fates[Fate.REFUSED] += 1
            log.info("report_refused", reason=refusal.reason, octets=len(document.data), kind=document.kind)
    log.info("reports_taken", **{fate.value: count for fate, count in fates.items()})
    return fates


def _store(document: Document, now: datetime) -> Counter[Fate]:
    if document.kind is Kind.XML:
        return store_dmarc(parse_dmarc(document.data), now)
    return store_tls(parse_tls(document.data), now)
