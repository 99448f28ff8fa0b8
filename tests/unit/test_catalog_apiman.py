"""Reading an Apiman export: a real one (tests/data/SOURCES.md) and broken ones."""

import contextlib
import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.catalogs import apiman, native
from bot.catalogs.places import Problems
from bot.domain.catalog import ApiStatus, Imported, Visibility
from bot.domain.clients import ClientStatus, ContractStatus
from bot.domain.policy import Role

EXPORT = Path(__file__).parents[1] / "data" / "apiman" / "apiman-export-1.2.2.json"
ORIGINAL = json.loads(EXPORT.read_text("utf-8"))
Change = Callable[[dict[str, Any]], object]


def changed(folder: Path, change: Change) -> Imported:
    """Read the export with something changed in it."""
    document = copy.deepcopy(ORIGINAL)
    change(document)
    path = folder / "export.json"
    path.write_text(json.dumps(document), "utf-8")
    return apiman.read(path)


def told(done: Imported) -> list[str]:
    return [f"{note.entry}: {note.why}" for note in done.notes]


def test_organizations_plans_and_apis_are_read() -> None:
    test, foo = apiman.read(EXPORT).catalog.organizations
    assert (test.name, foo.description) == ("Test", "An amazing organization so that we have two for testing.")
    assert [(plan.name, plan.version, plan.locked) for plan in test.plans] == [
        ("Gold", "1.0", True),
        ("Silver", "1.0", True),
    ]
    assert [api.name for api in foo.apis] == ["foo-echo", "Facebook API", "Flickr API", "Twitter API", "YouTube API"]
    echo = test.apis[0]
    assert echo.endpoint == "http://localhost:8080/services/echo/echo"
    assert [(offer.plan, offer.version, offer.requires_approval) for offer in echo.plans] == [
        ("Gold", "1.0", False),
        ("Silver", "1.0", False),
    ]
    assert {api.name: api.status for api in foo.apis}["YouTube API"] is ApiStatus.CREATED


def test_members_are_found_by_e_mail_address() -> None:
    for organization in apiman.read(EXPORT).catalog.organizations:
        assert [(member.user, member.roles) for member in organization.members] == [
            ("admin@example.org", (Role.OWNER,))
        ]


def test_clients_and_contracts_are_read() -> None:
    done = apiman.read(EXPORT)
    assert [(c.organization, c.name, [(v.version, v.status) for v in c.versions]) for c in done.clients] == [
        ("Test", "client1", [("1.0", ClientStatus.REGISTERED), ("1.1", ClientStatus.READY)]),
        ("Foo", "foo-app", [("1.0", ClientStatus.REGISTERED)]),
    ]
    assert [(c.client, c.client_version, c.api_organization, c.api, c.plan) for c in done.contracts] == [
        ("client1", "1.0", "Test", "echo", "Gold"),
        ("client1", "1.1", "Foo", "foo-echo", "Great"),
        ("client1", "1.1", "Test", "echo", "Gold"),
        ("foo-app", "1.0", "Foo", "foo-echo", "Good"),
        ("foo-app", "1.0", "Test", "echo", "Silver"),
    ]
    first = done.contracts[0]
    assert (first.status, first.requested_by) == (ContractStatus.ACTIVE, "admin@example.org")
    assert first.requested_at == datetime(2016, 3, 17, 9, 54, 34, tzinfo=UTC)


def test_everything_left_out_is_noted() -> None:
    lines = told(apiman.read(EXPORT))
    assert "audit of Foo: 38 entries: Gatehouse keeps its own from now on" in lines
    assert "Gateways: 1 entry, which Gatehouse has no use for" in lines
    assert "API foo-echo of Foo, version 1.0: 2 policies left out: the gateway's business" in lines
    assert any(line.startswith("API public-echo of Test, version 1.0: it is public") for line in lines)


def test_no_key_or_password_is_taken_over(tmp_path: Path) -> None:
    def keys(document: dict[str, Any]) -> None:
        document["Orgs"][0]["Clients"][0]["Versions"][0]["ClientVersionBean"]["apikey"] = "key-1234"

    everything = changed(tmp_path, keys).model_dump_json()
    assert "key-1234" not in everything and "basic-auth" not in everything and "$CRYPT" not in everything


def test_reading_again_gives_the_same() -> None:
    assert apiman.read(EXPORT) == apiman.read(EXPORT)


def test_what_was_read_is_a_catalog_file_again() -> None:
    catalog = apiman.read(EXPORT).catalog
    written = json.dumps(catalog.model_dump(mode="json", exclude_unset=True))
    assert native.parse(written, "again.json").catalog == catalog


def test_a_role_gives_never_more_than_it_gave_in_apiman(tmp_path: Path) -> None:
    def memberships(document: dict[str, Any]) -> None:
        roles = ("ClientAppDeveloper", "APIDeveloper", "PlanMaster", "NoSuchRole")
        document["Orgs"][0]["Memberships"] = [{"userId": "admin", "roleId": role} for role in roles]
        document["Roles"][1]["permissions"].append("planView")

    done = changed(tmp_path, memberships)
    assert done.catalog.organizations[0].members[0].roles == (Role.CLIENT_DEVELOPER, Role.API_DEVELOPER)
    lines = told(done)
    assert "member admin of Test: role ClientAppDeveloper: planView is not part of Client Developer" in lines
    assert "member admin of Test: role PlanMaster: no role here gives planAdmin, planEdit, planView alone" in lines
    assert "member admin of Test: role NoSuchRole is not in the export" in lines


def test_permissions_of_old_exports_are_known_under_their_newer_names(tmp_path: Path) -> None:
    words = ["appView", "appEdit", "appAdmin", 7, [], "teaPour"]
    done = changed(tmp_path, lambda document: document["Roles"][0].update(permissions=words))
    assert done.catalog.organizations[0].members[0].roles == (Role.CLIENT_DEVELOPER,)


def test_who_has_no_address_is_no_member(tmp_path: Path) -> None:
    done = changed(tmp_path, lambda document: document["Users"][0].update(email="nowhere"))
    assert all(not organization.members for organization in done.catalog.organizations)
    assert "member admin of Test: no e-mail address is known, so nobody in Slack can be found" in told(done)


def test_approval_visibility_and_tags_of_newer_exports_are_read(tmp_path: Path) -> None:
    def newer(document: dict[str, Any]) -> None:
        api = document["Orgs"][0]["Apis"][0]
        api["ApiBean"]["tags"] = [{"key": "kind", "value": "echo"}, {"key": "featured"}]
        api["Versions"][0]["ApiVersionBean"]["plans"][0]["requiresApproval"] = True
        api["Versions"][0]["ApiVersionBean"]["discoverability"] = "FULL_PLATFORM_MEMBERS"
        contract = document["Orgs"][0]["Clients"][0]["Versions"][0]["Contracts"][0]
        contract.update(status="AwaitingApproval", createdOn=1458208474000)

    done = changed(tmp_path, newer)
    echo = done.catalog.organizations[0].apis[0]
    assert (echo.visibility, echo.tags, echo.plans[0].requires_approval) == (
        Visibility.MEMBERS,
        ("echo", "featured"),
        True,
    )
    assert done.contracts[0].status is ContractStatus.AWAITING_APPROVAL
    assert done.contracts[0].requested_at == datetime(2016, 3, 17, 9, 54, 34, tzinfo=UTC)


def test_what_depends_on_something_left_out_is_left_out_too(tmp_path: Path) -> None:
    def no_gold(document: dict[str, Any]) -> None:
        document["Orgs"][0]["Plans"] = document["Orgs"][0]["Plans"][1:]

    done = changed(tmp_path, no_gold)
    assert [offer.plan for offer in done.catalog.organizations[0].apis[0].plans] == ["Silver"]
    assert len(done.contracts) == 3
    assert any("its plan was not taken over" in line for line in told(done))
    assert any("offer of plan Gold 1.0 left out: there is no such plan here" in line for line in told(done))


def test_ids_that_differ_by_case_only_are_told_apart_no_more(tmp_path: Path) -> None:
    def twins(document: dict[str, Any]) -> None:
        twin = copy.deepcopy(document["Orgs"][0]["Apis"][0])
        twin["ApiBean"].update(id="ECHO", name="ECHO")
        document["Orgs"][0]["Apis"].append(twin)
        document["Orgs"][1]["OrganizationBean"]["name"] = "Фу"

    done = changed(tmp_path, twins)
    assert [api.name for api in done.catalog.organizations[0].apis].count("echo") == 1
    assert "API ECHO of Test: the id ECHO is taken already; upper and lower case are the same here" in told(done)
    assert "organization Фу: its id is Fu now, it was Foo" in told(done)


def test_what_stands_twice_is_taken_once(tmp_path: Path) -> None:
    def twice(document: dict[str, Any]) -> None:
        org = document["Orgs"][0]
        for kind in ("Plans", "Apis", "Clients"):
            org[kind][0]["Versions"].append(copy.deepcopy(org[kind][0]["Versions"][0]))
        document["Users"].append({"username": "root", "email": "ADMIN@example.org"})
        org["Memberships"].append({"userId": "root", "roleId": "OrganizationOwner"})
        org["Clients"].append({"ClientBean": {"id": "empty", "name": "empty"}, "Versions": []})

    done = changed(tmp_path, twice)
    original = apiman.read(EXPORT)
    assert (done.catalog, done.clients, done.contracts) == (original.catalog, original.clients, original.contracts)
    lines = told(done)
    assert sum("version 1.0 is there already" in line for line in lines) == 3
    assert "member root of Test: admin@example.org is a member already, under another username" in lines
    assert "client empty of Test: it has no version" in lines


def test_a_second_contract_with_the_same_api_version_is_left_out(tmp_path: Path) -> None:
    def again(document: dict[str, Any]) -> None:
        contracts = document["Orgs"][0]["Clients"][0]["Versions"][0]["Contracts"]
        contracts += [copy.deepcopy(contracts[0]), copy.deepcopy(contracts[0]) | {"status": "Rejected"}]

    done = changed(tmp_path, again)
    assert len(done.contracts) == 5
    assert sum("there is a contract with this API version already" in line for line in told(done)) == 2


@pytest.mark.parametrize("text", ["[]", "{}", '{"Orgs": {}}', "openapi: 3.0.0", "", "{"])
def test_what_is_no_export_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(text)
    with pytest.raises(Problems, match=r"no Apiman export|not JSON|not YAML"):
        apiman.read(path)


def places(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [at]
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(inner, (*at, key))
    return found


PLACES = [place for place in places(ORIGINAL) if place[:1] in (("Orgs",), ("Users",), ("Roles",)) and len(place) > 1]
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 1e300, "", "x", "\x00\u202e", "\ud800", "a" * 600, [], {}, [None], {"id": []}]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(PLACES), JUNK, max_size=5))
def test_an_export_with_anything_in_it_is_read_to_its_end(
    tmp_path: Path, junk: dict[tuple[str | int, ...], Any]
) -> None:
    def spoil(document: dict[str, Any]) -> None:
        for place, value in junk.items():
            holder: Any = document
            with contextlib.suppress(KeyError, IndexError, TypeError):  # an earlier change took the place away
                for step in place[:-1]:
                    holder = holder[step]
                holder[place[-1]] = copy.deepcopy(value)

    done = changed(tmp_path, spoil)
    assert all(note.entry.isprintable() and note.why.isprintable() for note in done.notes)
