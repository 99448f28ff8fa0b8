"""Opaque ids: what travels to Slack and comes back says nothing and can't be guessed (RELIABILITY T2)."""

import secrets


def new_id() -> str:
    """Return a fresh id: 128 random bits as 22 URL-safe characters."""
    return secrets.token_urlsafe(16)
