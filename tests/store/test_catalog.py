"""Applying catalog files: what they say is so afterwards, the same again changes nothing (INTERFACE 4)."""

import io
import json
from typing import Any

import pytest

from bot.catalogs import native
from bot.commands import DryRun
from bot.errors import CatalogError
from bot.store.audit import broken_rows
from bot.store.engine import Store
from bot.store.unit import Unit
from bot.usecases.catalog import Outcome, Report, apply_catalog
from bot.usecases.export import SECTIONS, export_document

FULL = """
version: 1
organizations:
  - name: Acme Payments
    description: Card payments.
    approval_channel: C0APPROVALS
    approvals: {notify: both, remind_after: 24h}
    members:
      - {user: U0ADA, roles: [Owner, Viewer]}
      - {user: bob@example.com, roles: [Client Developer]}
    plans:
      - {name: Free, version: "1.0", description: "100 calls an hour"}
    apis:
      - name: Payments
        version: "1.4"
        tags: [payments]
        terms: {url: "https://acme.example/terms", version: "2026-03"}
        plans: [{plan: Free, version: "1.0", requires_approval: true}]
"""


def applied(store: Store, text: str) -> Report:
    """Apply a file."""
    return store.write.run(lambda unit: apply_catalog(unit, native.parse(text).catalog, str))


def exported(store: Store) -> dict[str, Any]:
    """The export document, as it is written."""
    text = io.StringIO()
    store.read.run(lambda unit: export_document(unit, text.write, lambda _section: None))
    document: dict[str, Any] = json.loads(text.getvalue())
    return document


def roles(store: Store) -> dict[str, list[str]]:
    """The roles of each member."""
    return {one["person"].get("user") or one["person"]["email"]: one["roles"] for one in exported(store)["members"]}


def test_a_file_makes_all_it_lists_and_the_same_again_changes_nothing(store: Store) -> None:
    first = applied(store, FULL)
    assert first.counted(Outcome.CREATED) == {"organization": 1, "member": 2, "plan": 1, "API": 1, "offer": 1}
    before = exported(store)
    again = applied(store, FULL)
    assert again.counted(Outcome.CREATED) == again.counted(Outcome.CHANGED) == {}
    assert sum(again.counted(Outcome.UNCHANGED).values()) == 6
    assert exported(store) == before


def test_only_what_a_file_mentions_changes(store: Store) -> None:
    applied(store, FULL)
    report = applied(store, "version: 1\norganizations: [{name: acme payments, description: Payments.}]\n")
    assert report.counted(Outcome.CHANGED) == {"organization": 1}
    [organization] = exported(store)["organizations"]
    assert (organization["name"], organization["description"]) == ("Acme Payments", "Payments.")
    assert organization["approval_channel"] == "C0APPROVALS"
    assert len(exported(store)["apis"]) == 1


def test_a_member_has_exactly_the_listed_roles_afterwards_and_an_empty_list_takes_all_away(store: Store) -> None:
    applied(store, FULL)
    assert roles(store) == {"U0ADA": ["Owner", "Viewer"], "bob@example.com": ["Client Developer"]}
    change = "version: 1\norganizations: [{name: Acme Payments, members: [{user: U0ADA, roles: %s}]}]\n"
    applied(store, change % "[Editor]")
    assert roles(store) == {"U0ADA": ["Editor"], "bob@example.com": ["Client Developer"]}
    applied(store, change % "[]")
    assert roles(store) == {"bob@example.com": ["Client Developer"]}
    rows = [
        (row["what"], row["after"]["roles"]) for row in exported(store)["audit"] if row["what"] in ("Grant", "Revoke")
    ]
    assert rows[2:] == [("Grant", ["Editor"]), ("Revoke", ["Owner", "Viewer"]), ("Revoke", ["Editor"])]


def test_every_change_is_in_the_audit_and_its_chain_is_whole(store: Store) -> None:
    applied(store, FULL)
    applied(store, FULL.replace("Card payments.", "All payments."))
    document = exported(store)
    assert {row["actor"]["kind"] for row in document["audit"]} == {"catalog"}
    assert document["audit"][-1]["before"] == {"description": "Card payments."}
    assert document["audit"][-1]["after"] == {"description": "All payments."}
    assert store.read.run(lambda unit: broken_rows(unit.audit.rows(), unit.audit.heads())) == []


def test_a_dry_run_leaves_nothing(store: Store) -> None:
    def work(unit: Unit) -> None:
        raise DryRun([apply_catalog(unit, native.parse(FULL).catalog, str)])

    with pytest.raises(DryRun) as ended:
        store.write.run(work)
    assert ended.value.reports[0].counted(Outcome.CREATED)["organization"] == 1
    assert all(exported(store)[section] == [] for section in SECTIONS)


def test_an_offer_of_a_plan_nobody_knows_undoes_the_whole_file(store: Store) -> None:
    with pytest.raises(CatalogError, match="has no plan Gold 9"):
        applied(store, FULL.replace('plan: Free, version: "1.0"', 'plan: Gold, version: "9"'))
    assert exported(store)["organizations"] == []


def test_a_file_for_another_workspace_is_refused(store: Store) -> None:
    applied(store, "team: T0ACME\n" + FULL)
    assert store.read.run(lambda unit: unit.people.team()) == "T0ACME"
    with pytest.raises(CatalogError, match="belongs to the workspace T0ACME, not T0OTHER"):
        applied(store, "team: T0OTHER\n" + FULL)


def test_the_export_has_the_sections_of_the_interface(store: Store) -> None:
    applied(store, FULL)
    document = exported(store)
    assert list(document) == ["version", *SECTIONS]
    assert document["version"] == 1
    [api] = document["apis"]
    assert (api["organization"], api["id"], api["version"], api["status"]) == (
        "AcmePayments",
        "Payments",
        "1.4",
        "Published",
    )
    assert api["plans"] == [{"plan": "Free", "version": "1.0", "requires_approval": True}]
    assert api["terms"] == {"url": "https://acme.example/terms", "version": "2026-03"}
    assert document["audit"][0]["at"] == "2026-03-02T09:00:00.000000Z"
