"""What other systems know comes in once: the second run changes nothing (INTERFACE 1, catalog import)."""

from pathlib import Path

import pytest

from bot.catalogs import apiman
from bot.domain.catalog import Imported
from bot.domain.policy import HouseRules
from bot.errors import CatalogError
from bot.store.engine import Store
from bot.usecases.catalog import Outcome
from bot.usecases.importing import import_all, offers_of
from tests.journeys.house import exported

EXPORT = Path(__file__).parent.parent / "data" / "apiman" / "apiman-export-1.2.2.json"
RULES = HouseRules(admins=frozenset({"U0ADMIN"}))


def outcomes(store: Store, imported: Imported) -> dict[Outcome, int]:
    report = store.write.run(lambda unit: import_all(unit, RULES, imported))
    return {outcome: sum(report.counted(outcome).values()) for outcome in Outcome}


def test_an_apiman_export_comes_in_whole_and_again_changes_nothing(store: Store) -> None:
    imported = apiman.read(EXPORT)
    assert outcomes(store, imported) == {Outcome.CREATED: 31, Outcome.CHANGED: 0, Outcome.UNCHANGED: 0}
    before = exported(store)
    assert outcomes(store, imported) == {Outcome.CREATED: 0, Outcome.CHANGED: 0, Outcome.UNCHANGED: 31}
    assert exported(store) == before
    assert len(before["contracts"]) == 5
    assert {version["status"] for client in before["clients"] for version in client["versions"]}


def test_a_waiting_contract_of_an_import_is_told_to_somebody(store: Store) -> None:
    imported = apiman.read(EXPORT)
    asking = imported.contracts[0].model_copy(update={"status": "AwaitingApproval"})
    store.write.run(lambda unit: import_all(unit, RULES, imported.model_copy(update={"contracts": (asking,)})))
    told = exported(store)["notifications"]
    assert {one["destination"]["id"] for one in told if one["kind"] == "request"} == {"U0ADMIN"}


def test_an_unknown_plan_is_one_sentence(store: Store) -> None:
    with pytest.raises(CatalogError, match="Acme has no plan Gold"):
        store.read.run(lambda unit: offers_of(unit, "Acme", ["Gold"]))
