"""The demo's catalog: real, large enough, and with something to try for everybody in the demo."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot import samples
from bot.catalogs import native, schema
from bot.domain.catalog import ApiStatus, Catalog, Visibility
from bot.domain.policy import Permission, allows
from bot.samples.build import build

EXCERPT = Path(__file__).parents[1] / "data" / "apis_guru_excerpt.json"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return native.read(samples.CATALOG).catalog


def built() -> tuple[dict[str, dict[str, Any]], list[str]]:
    said: list[str] = []
    made = build(json.loads(EXCERPT.read_text("utf-8")), said.append)
    native.parse(json.dumps(made), "excerpt.json")
    return {organization["name"]: organization for organization in made["organizations"]}, said


def test_the_sample_has_enough_organizations_and_apis(catalog: Catalog) -> None:
    assert len(catalog.organizations) >= 150
    assert sum(len(organization.apis) for organization in catalog.organizations) >= 400
    assert not list(catalog.unresolved())


def test_the_sample_keeps_to_the_schema() -> None:
    jsonschema.validate(json.loads(samples.CATALOG.read_text("utf-8")), schema.schema())


def test_every_organization_has_plans_and_every_api_offers_them(catalog: Catalog) -> None:
    assert all(organization.plans for organization in catalog.organizations)
    offers = [api.plans for organization in catalog.organizations for api in organization.apis]
    assert all(offers)
    assert {offer.requires_approval for offered in offers for offer in offered} == {True, False}


def test_every_status_visibility_and_terms_occur(catalog: Catalog) -> None:
    apis = [api for organization in catalog.organizations for api in organization.apis]
    assert {api.status for api in apis} == set(ApiStatus)
    assert {api.visibility for api in apis} == set(Visibility)
    assert any(api.terms for api in apis)


def test_somebody_can_approve_wherever_approval_is_required(catalog: Catalog) -> None:
    for organization in catalog.organizations:
        if any(offer.requires_approval for api in organization.apis for offer in api.plans):
            assert any(allows(member.roles, Permission.PLAN_ADMIN) for member in organization.members)


def test_the_people_of_the_demo_have_their_parts(catalog: Catalog) -> None:
    held: Counter[tuple[str, str]] = Counter(
        (member.user, role) for org in catalog.organizations for member in org.members for role in member.roles
    )
    assert held["U0ADA", "Owner"] == 2
    assert held["U0BOB", "Client Developer"] > 15
    assert held["U0EVE", "Viewer"] == 1
    assert held["U0PAT", "Owner"] == 2 and held["U0PAT", "Editor"] > 10
    assert {user for user, _ in held} == {"U0ADA", "U0BOB", "U0EVE", "U0PAT"}
    channels = {organization.approval_channel for organization in catalog.organizations}
    assert channels == {None, "C0APPROVALS"}


def test_building_says_what_it_changed_and_left_out() -> None:
    organizations, said = built()
    told = "\n".join(said)
    assert "azure.com: ApiManagementClient 2019-01-01: left out, the directory lists it twice" in told
    assert "endpoint left out: / is not a whole address" in told
    assert "became Wed-Oct-15-2025" in told
    assert "characters" in told
    assert len(organizations["azure.com"]["apis"]) == 1
    assert organizations["ably.net"]["apis"][0]["tags"] == ["cloud"]


def test_building_keeps_texts_as_they_are_where_the_rules_allow() -> None:
    organizations, _ = built()
    given = next(api for api in json.loads(EXCERPT.read_text("utf-8")) if api["provider"] == "shop-pro.jp")
    assert organizations["shop-pro.jp"]["apis"][0]["name"] == given["title"]
