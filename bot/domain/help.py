"""What somebody can do, for the page that explains it to them."""

from pydantic import BaseModel, ConfigDict


class Abilities(BaseModel):
    """What one person can do right now."""

    model_config = ConfigDict(frozen=True)

    organizations: int = 0
    """Organizations they may create clients in."""
    personal: bool = False
    """Whether that one is the personal organization self-service would make for them."""
    clients: int = 0
    """Clients they may look at."""
    approvals: bool = False
    """Whether requests can come to them for a decision."""
    is_admin: bool = False
    refused: str = ""
    """Why they can do nothing at all, or empty."""

    @property
    def may_create(self) -> bool:
        return self.organizations > 0 and not self.refused
