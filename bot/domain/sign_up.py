"""Where the sign-up wizard stands for one person."""

from pydantic import BaseModel, ConfigDict

from bot.domain.contracts import Offer, SignUpDraft
from bot.domain.organizations import Choices


class SignUp(BaseModel):
    """Where the sign-up wizard stands: what is offered, what was typed, and what this person may choose from."""

    model_config = ConfigDict(frozen=True)

    offer: Offer
    draft: SignUpDraft
    needs_approval: bool
    """Whether this person's request would wait: the offer asks for approval and they can't give it themselves."""
    organizations: Choices
    has_clients: bool
    versions: tuple[tuple[str, str], ...] = ()
    """Id and name of the chosen client's versions that are not retired, newest first."""
    offered: SignUpDraft | None = None
