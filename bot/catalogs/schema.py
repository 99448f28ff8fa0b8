"""The JSON Schema of catalog files, which ``gatehouse catalog schema`` prints: made from the models themselves."""

import json
from typing import Any

from bot.domain.catalog import Catalog

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of ``version: 1``.

    It knows every key, type, word and pattern. What it can't say, and ``gatehouse catalog check`` does: two entries
    of one id, rare invisible characters, and lengths counted after trimming.
    """
    made = Catalog.model_json_schema()
    made["title"] = "Gatehouse catalog, version 1"
    return {"$schema": DIALECT} | made


def text() -> str:
    """Return the schema as indented JSON with a line break at its end."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
