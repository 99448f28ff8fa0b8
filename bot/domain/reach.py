"""How far a request got where it did not go the usual way: what its requester and the platform admins are told."""

from pydantic import BaseModel, ConfigDict


class Reach(BaseModel):
    """Whom a request reached, and whom it did not."""

    model_config = ConfigDict(frozen=True)

    channel: str = ""
    """The approval channel that can't be reached; empty: none failed."""
    reason: str = ""
    """What Slack said about it, such as ``is_archived``."""
    told: int = 0
    """People who have the request in a direct message."""
    pending: int = 0
    """People to whom it is on its way."""
    informed: bool = False
    """Whether the platform admins know about the channel."""

    @property
    def people(self) -> int:
        """People whom the request reaches."""
        return self.told + self.pending
