"""Runs checked against their inputs by code that shares nothing with the model."""

from hubplanner.audit.audit import DEFAULT_SECONDS, Audit, audit_run

__all__ = ["DEFAULT_SECONDS", "Audit", "audit_run"]
