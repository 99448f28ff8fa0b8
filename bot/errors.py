"""Every error a person can meet, as one sentence that says what to do next.

``Refusal`` is an expected answer ("that name is taken"): it is shown to the person and pages nobody.
Anything that is not a ``GatehouseError`` is a fault of ours: the person gets an incident number (SPEC 10).
"""


class GatehouseError(Exception):
    """Base of all errors whose text is meant for people: ``str(error)`` is the whole sentence."""


class Refusal(GatehouseError):
    """The answer is no, and the person can do something about it.

    Args:
        sentence: one sentence, saying what to change.
        field: name of the field it belongs to (a draft's pydantic field, which is also its block_id), or
            None if it belongs to no field.
    """

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class NotAllowed(Refusal):
    """The person holds no right to do this, or the thing does not exist: the same words for both (SPEC 2.2, 3.2)."""


class WindowGone(Refusal):
    """The window was closed or changed since: whoever looks at it sees something newer already."""


class Unavailable(GatehouseError):
    """The database or Slack did not answer in time. Trying again is safe (RELIABILITY F14)."""

    def __init__(self) -> None:
        super().__init__("Temporarily unavailable. We could not confirm that it was saved; submitting again is safe.")


class WrongSettings(GatehouseError):
    """A setting is missing or wrong: the variable's name, what is wrong and an example (INTERFACE 2). Exit code 2."""


class CatalogError(GatehouseError):
    """A catalog file can't be used: file, line and what to change (INTERFACE 4). Exit code 1."""
