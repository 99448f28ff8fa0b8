"""The one organization whose approver has everything waiting, for ``tests.bench.waiting``."""

from bot.catalogs import native
from bot.domain.catalog import Catalog

TEXT = """
version: 1
team: T0BENCH
organizations:
  - name: Busy
    members: [{user: U0PAT, roles: [Owner]}]
    plans: [{name: Gold, version: "1.0"}]
    apis: [{name: Payments, version: "1.0", plans: [{plan: Gold, version: "1.0", requires_approval: true}]}]
"""


def catalog() -> Catalog:
    """Return the catalog."""
    return native.parse(TEXT).catalog
