"""What a check found: a verdict, which check it was, and a sentence that also says what to do."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(BaseModel):
    """One line of the report; ``says`` also tells what to do, unless all is well."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    check: str
    says: str


def ok(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(verdict=Verdict.OK, check=check, says=says)


def warn(check: str, says: str) -> Finding:
    """It works, and somebody should know."""
    return Finding(verdict=Verdict.WARN, check=check, says=says)


def fail(check: str, says: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(verdict=Verdict.FAIL, check=check, says=says)
