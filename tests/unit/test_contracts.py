"""The values of contracts: what is said of them, and when terms count as accepted."""

from datetime import UTC, datetime

import pytest

from bot.domain.contracts import AlreadyDecided, Contract, Offer, SignUpDraft, Status, decided_sentence
from bot.domain.people import Person

AT = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)


def contract(status: Status, **changes: object) -> Contract:
    names = (
        "client_id client_version_id client client_key client_version client_organization_id client_organization "
        "api_version_id api api_key api_version plan plan_key plan_version organization_id organization"
    )
    values = {name: name for name in names.split()} | {"id": "c1", "status": status, "revision": 1}
    values |= {"requested_by": Person(team="T1", user="U1"), "requested_at": AT}
    return Contract.model_validate(values | changes)


def offer(url: str = "https://acme.example/terms", version: str = "1") -> Offer:
    names = (
        "id api_version_id plan_version_id organization_id organization api api_key api_version api_status plan "
        "plan_key plan_version plan_description"
    )
    values: dict[str, object] = {name: name for name in names.split()}
    values |= {"plan_locked": True, "requires_approval": True, "terms_url": url, "terms_version": version}
    return Offer.model_validate(values)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.ACTIVE, "Ada approved this request on 2026-03-02 at 09:05 UTC."),
        (Status.REJECTED, "Ada rejected this request on 2026-03-02 at 09:05 UTC."),
        (Status.WITHDRAWN, "Ada withdrew this request on 2026-03-02 at 09:05 UTC."),
        (Status.BROKEN, "Ada ended this contract on 2026-03-02 at 09:05 UTC."),
        (Status.EXPIRED, "This request expired without a decision."),
        (Status.AWAITING_APPROVAL, "This request is still waiting for approval."),
    ],
)
def test_every_status_has_its_sentence(status: Status, words: str) -> None:
    decided = contract(status, decided_by_name="Ada", decided_at=AT)
    assert decided_sentence(decided) == words == str(AlreadyDecided(decided))


def test_somebody_without_a_name_is_somebody() -> None:
    assert decided_sentence(contract(Status.ACTIVE)) == "Somebody approved this request."


def test_terms_are_accepted_only_as_they_were() -> None:
    draft = SignUpDraft(id="d", offer="o", terms_version=offer().terms_mark)
    assert draft.accepts(offer())
    assert not draft.accepts(offer(version="2"))
    assert not draft.accepts(offer(url="https://acme.example/other"))
    assert not SignUpDraft(id="d", offer="o").accepts(offer())


def test_where_there_are_no_terms_none_have_to_be_accepted() -> None:
    assert SignUpDraft(id="d", offer="o").accepts(offer(url=""))
    assert SignUpDraft(id="d", offer="o", terms_version="former").accepts(offer(url=""))
    assert offer(url="").terms_mark == ""
