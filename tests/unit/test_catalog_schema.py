"""The printed JSON Schema says what ``catalog check`` does."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from bot.catalogs import native, schema
from bot.catalogs.places import Problems

DATA = Path(__file__).parents[1] / "data" / "catalogs"
FILES = sorted(path for folder in ("good", "bad", "clash") for path in (DATA / folder).iterdir())


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def accepted_by_schema(path: Path) -> bool:
    return jsonschema.Draft202012Validator(schema.schema()).is_valid(yaml.safe_load(path.read_text()))


def accepted_by_check(path: Path) -> bool:
    try:
        native.read(path)
    except Problems:
        return False
    return True


def test_the_schema_is_a_valid_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema.text()))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_schema_and_check_agree_but_for_clashes(path: Path) -> None:
    kind = path.parent.name
    assert accepted_by_schema(path) is (kind != "bad")
    assert accepted_by_check(path) is (kind == "good")
