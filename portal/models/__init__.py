"""The database tables."""

from portal.models.act_proof import ActProof
from portal.models.address import Link, NoticeAddress
from portal.models.authenticator import Authenticator, Binding, SpentStep, secret_place
from portal.models.backup_code import BackupCode, BackupCodeSet
from portal.models.base import Base, new_id
from portal.models.browser import BrowserConfirmation, TrustedBrowser
from portal.models.chart import Chart, ChartNote
from portal.models.event import Event, Outbox
from portal.models.health import Appointment, Letter, Result
from portal.models.limit_counter import LimitCounter
from portal.models.open_challenge import OpenChallenge
from portal.models.oversight import EmergencyGrant, EmergencyView, ResetRequest, number_place
from portal.models.record import RestoreDrill, RuleChange
from portal.models.recovery import CASE_STATES, RecoveryCase, RecoveryNote, RecoveryTicket, recovery_place
from portal.models.seal import AuditKey, EventSeal, audit_key_place
from portal.models.sent_code import SentCode
from portal.models.session import LEVELS, Session
from portal.models.ticket import TICKET_STATES, Ticket, TicketMessage, message_place, subject_place
from portal.models.user import ROLES, Practice, User, fold_email, user_place

__all__ = [
    "CASE_STATES", "LEVELS", "ROLES", "TICKET_STATES", "ActProof", "Appointment", "AuditKey", "Authenticator", "BackupCode",
    "BackupCodeSet", "Base", "Binding", "BrowserConfirmation", "Chart", "ChartNote", "EmergencyGrant", "EmergencyView", "Event",
    "EventSeal", "Letter", "LimitCounter", "Link", "NoticeAddress", "OpenChallenge", "Outbox", "Practice", "RecoveryCase",
    "RecoveryNote", "RecoveryTicket", "ResetRequest", "RestoreDrill", "Result", "RuleChange", "SentCode", "Session", "SpentStep",
    "Ticket", "TicketMessage", "TrustedBrowser", "User", "audit_key_place", "fold_email", "message_place", "new_id", "number_place",
    "recovery_place", "secret_place", "subject_place", "user_place",
]  # fmt: skip
