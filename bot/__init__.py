"""Gatehouse: clients, contracts and approvals of an API management system, inside Slack."""

__version__ = "0.1.0"
