"""Slack's request signature, version v0 (https://docs.slack.dev/authentication/verifying-requests-from-slack)."""

import hashlib
import hmac


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of ``X-Slack-Signature``: HMAC-SHA256 over ``v0:timestamp:body``, in hex."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
