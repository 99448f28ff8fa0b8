"""Who somebody is: the identity Slack vouches for, and what Slack says about the account."""

from pydantic import BaseModel, ConfigDict


class Person(BaseModel):
    """A member of a Slack workspace: always both ids (SPEC 1).

    On an organization-wide install ``team`` is the enterprise id if Slack names no team (slack/RULES.md, rule 11).
    """

    model_config = ConfigDict(frozen=True)

    team: str
    user: str


class Profile(BaseModel):
    """What ``users.info`` says about an account (docs.slack.dev/reference/methods/users.info).

    ``home_team`` is the workspace the account belongs to: somebody from another one is a stranger here, even in a
    shared channel (RELIABILITY B3).
    """

    model_config = ConfigDict(frozen=True)

    person: Person
    name: str
    email: str = ""
    tz: str = "UTC"
    locale: str = "en-US"
    home_team: str
    is_guest: bool = False
    is_bot: bool = False
    is_deactivated: bool = False
    is_stranger: bool = False

    @property
    def is_member(self) -> bool:
        """Whether this is a full, active, human member of the workspace (SPEC 2.8)."""
        return not (self.is_guest or self.is_bot or self.is_deactivated or self.is_stranger)


class Stranger(BaseModel):
    """Somebody a catalog file names by a Slack id or by an address, and nothing more is known of yet."""

    model_config = ConfigDict(frozen=True)

    id: str
    team: str
    user: str = ""
    email: str = ""
