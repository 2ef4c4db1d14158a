"""The tables of a mail's life. Those that `partitions.TABLES` names are partitioned by their id."""

from sending.models.archive import Archive
from sending.models.attempt import Attempt
from sending.models.balance import HourBalance, HourCheck, MeterDifference
from sending.models.captured_mail import CapturedMail
from sending.models.content import Content
from sending.models.domain_alert import DomainAlert, WeeklySummary
from sending.models.erasure import Erasure
from sending.models.event import TLS_REQUIRED, Event
from sending.models.feed import EventBatch, FeedPosition
from sending.models.idempotency import IdempotencyKey
from sending.models.incoming_report import IncomingReport
from sending.models.log_view import LogExport, SavedView
from sending.models.message import Message, MessageStatus, RecipientKind
from sending.models.queue_control import QueueOrder, QueuePause
from sending.models.queue_entry import PARKED, Hold, QueueEntry
from sending.models.sandbox import Sandbox
from sending.models.shared_counts import SharedCount
from sending.models.site_pace import SitePace
from sending.models.statistics import CountedOnce, DailyCount, HourlyCount
from sending.models.stream_setting import OnUncertain, StreamSetting
from sending.models.stream_suspension import StreamSuspension
from sending.models.submission import Door, Stream, Submission
from sending.models.suppression import Suppression
from sending.models.suppression_import import SuppressionImport
from sending.models.suspicious_links import LinkReading, SuspiciousLinks
from sending.models.tracking_opt_out import TrackingOptOut
from sending.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "PARKED",
    "TLS_REQUIRED",
    "Archive",
    "Attempt",
    "CapturedMail",
    "Content",
    "CountedOnce",
    "DailyCount",
    "DomainAlert",
    "Door",
    "Erasure",
    "Event",
    "EventBatch",
    "FeedPosition",
    "Hold",
    "HourBalance",
    "HourCheck",
    "HourlyCount",
    "IdempotencyKey",
    "IncomingReport",
    "LinkReading",
    "LogExport",
    "Message",
    "MessageStatus",
    "MeterDifference",
    "OnUncertain",
    "QueueEntry",
    "QueueOrder",
    "QueuePause",
    "RecipientKind",
    "Sandbox",
    "SavedView",
    "SharedCount",
    "SitePace",
    "Stream",
    "StreamSetting",
    "StreamSuspension",
    "Submission",
    "Suppression",
    "SuppressionImport",
    "SuspiciousLinks",
    "TrackingOptOut",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WeeklySummary",
]
