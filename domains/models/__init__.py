"""The tables of sending domains."""

from domains.models.company_info import CompanyInfo
from domains.models.dkim_key import DkimKey
from domains.models.dns_record import DnsRecord
from domains.models.domain import SendingDomain, SendPermission, send_permission
from domains.models.reports import DmarcReport, DmarcSource, TlsReport
from domains.models.review import ComplianceReview
from domains.models.zone_record import ZoneRecord

__all__ = [
    "CompanyInfo",
    "ComplianceReview",
    "DkimKey",
    "DmarcReport",
    "DmarcSource",
    "DnsRecord",
    "SendPermission",
    "SendingDomain",
    "TlsReport",
    "ZoneRecord",
    "send_permission",
]
