"""Why a report is not taken. Pure."""

from enum import StrEnum


class Reason(StrEnum):
    """As the log names it."""

    TOO_LARGE = "too_large"
    """The mail, what it unpacks to, or the number of records in it."""
    BOMB = "bomb"
    """It unpacks to far more than any report of its size."""
    NO_REPORT = "no_report"
    """The mail carries no attachment that could be one."""
    DAMAGED = "damaged"
    """The archive, XML or JSON does not hold together."""
    UNSAFE = "unsafe"
    """XML with a document type or entities."""
    OTHER_DOCUMENT = "other_document"
    """Neither an aggregate report nor a TLS report."""
    DOMAIN = "domain"
    DATES = "dates"
    COUNT = "count"
    ADDRESS = "address"


class ReportRefused(ValueError):
    """`reason` says what is wrong; the reporter is told nothing, since nobody reads there."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
