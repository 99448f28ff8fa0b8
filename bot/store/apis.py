"""API versions as rows: one with its plans, and whether somebody may see it (SPEC 3.2)."""

from collections.abc import Collection

import sqlalchemy as sa

from bot.domain.apis import Api, ApiLine, ApiVersion, PlanOffer, Standing, may_see, newest_first
from bot.domain.catalog import ApiStatus, Visibility
from bot.domain.people import Person
from bot.domain.policy import Permission, roles_with
from bot.store.tables import api_versions, apis, members, offers, organizations, people, plan_versions, plans

_JOINED = api_versions.join(apis, apis.c.id == api_versions.c.api_id).join(
    organizations, organizations.c.id == apis.c.organization_id
)


class ApiRows:
    """Reads APIs through one open transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def may_see(self, person: Person, api_version_id: str, *, everywhere: bool) -> bool:
        """Return whether somebody may see an API version; one that does not exist: no.

        Args:
            everywhere: a platform admin, who sees all APIs of the team.
        """
        return self.get(person, api_version_id, everywhere=everywhere) is not None

    def get(self, person: Person, api_version_id: str, *, everywhere: bool) -> Api | None:
        """Return an API version with its offers and the versions somebody may see; None if they may not see it."""
        columns = [api_versions.c[name] for name in _VERSION]
        named = (apis.c.name, apis.c.organization_id, organizations.c.name.label("organization"), api_versions.c.api_id)
        query = sa.select(*columns, *named).select_from(_JOINED)
        query = query.where(organizations.c.team == person.team, api_versions.c.id == api_version_id)
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        standing = Standing.INSIDE if everywhere else self.standing(person, row["organization_id"])
        if not may_see(ApiStatus(row["status"]), Visibility(row["visibility"]), standing):
            return None
        versions = self._versions(row["api_id"], standing)
        offered = self._offers(api_version_id)
        return Api(**dict(row), versions=versions, offers=offered)

    def standing(self, person: Person, organization_id: str) -> Standing:
        """Return how close somebody is to an organization."""
        query = (
            sa.select(members.c.organization_id)
            .join(people, people.c.id == members.c.person_id)
            .where(people.c.team == person.team, people.c.user == person.user)
        )
        inside = query.where(
            members.c.organization_id == organization_id, members.c.role.in_(roles_with(Permission.API_VIEW))
        )
        if self._connection.execute(inside.limit(1)).first():
            return Standing.INSIDE
        return Standing.MEMBER if self._connection.execute(query.limit(1)).first() else Standing.ANYBODY

    def lines(self, api_version_ids: Collection[str]) -> tuple[ApiLine, ...]:
        """Return API versions as they stand in a list, in the order of the ids."""
        columns = [api_versions.c[name] for name in ("id", "version", "status", "description", "tags")]
        query = sa.select(*columns, apis.c.name, organizations.c.name.label("organization")).select_from(_JOINED)
        rows = self._connection.execute(query.where(api_versions.c.id.in_(api_version_ids))).mappings()
        found = {row["id"]: ApiLine(**dict(row)) for row in rows}
        return tuple(found[id_] for id_ in api_version_ids if id_ in found)

    def _versions(self, api_id: str, standing: Standing) -> tuple[ApiVersion, ...]:
        columns = [api_versions.c[name] for name in ApiVersion.model_fields]
        rows = self._connection.execute(sa.select(*columns).where(api_versions.c.api_id == api_id)).mappings()
        every = (ApiVersion(**dict(row)) for row in rows)
        return newest_first(one for one in every if may_see(one.status, one.visibility, standing))

    def _offers(self, api_version_id: str) -> tuple[PlanOffer, ...]:
        """Return what can be signed up for: plan versions that are still being edited can't (SPEC 4.4)."""
        query = (
            sa.select(
                offers.c.id,
                offers.c.requires_approval,
                plans.c.name.label("plan"),
                plan_versions.c.version,
                plan_versions.c.description,
            )
            .select_from(offers.join(plan_versions).join(plans))
            .where(offers.c.api_version_id == api_version_id, plan_versions.c.locked.is_(True))
            .order_by(offers.c.position, plans.c.folded, plan_versions.c.version)
        )
        return tuple(PlanOffer(**dict(row)) for row in self._connection.execute(query).mappings())


_VERSION = ("id", "version", "status", "visibility", "description", "endpoint", "documentation", "tags")
