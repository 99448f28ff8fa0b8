"""What pydantic found wrong with a catalog, in words that say what to change."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.catalogs.places import Place
from bot.domain.catalog import Catalog

_SHOWN = 60
"""Characters of a wrong value that are quoted."""
_KINDS = {
    "string_type": "text",
    "tuple_type": "a list",
    "bool_type": "true or false",
    "time_delta_type": "a duration, such as 24h",
    "model_type": "a mapping with keys",
    "model_attributes_type": "a mapping with keys",
    "dict_type": "a mapping with keys",
}


def sentences(error: ValidationError, written: Mapping[Place, str]) -> list[tuple[Place, str]]:
    """Return a place and a sentence for each thing that is wrong.

    Args:
        error: what pydantic found.
        written: numbers and dates as they stand in the file, by place.
    """
    return [(found["loc"], _sentence(found, written)) for found in error.errors(include_url=False)]


def _sentence(found: ErrorDetails, written: Mapping[Place, str]) -> str:
    kind, place = found["type"], found["loc"]
    named = _named(place)
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "missing":
        return f"{place[-1]} is missing {_owner(place)}."
    if kind == "rule":
        return f"{named}: {found['msg']}"
    if kind in ("enum", "literal_error"):
        return f"{named}: {_not_one_of(found)}"
    if kind in ("too_long", "string_too_long"):
        return f"{named}: {_too_long(found)}"
    return f"{named}: {_wrong_type(found, written)}"


def _named(place: Place) -> str:
    """Name a value by its key, and by its number where it is an item of a list."""
    if isinstance(place[-1], int) and len(place) > 1:
        return f"{place[-2]}, item {place[-1] + 1}"
    return str(place[-1]) if place else "The file"


def _owner(place: Place) -> str:
    return f"from {_named(place[:-1])}" if len(place) > 1 else "at the top of the file"


def _unknown_key(place: Place) -> str:
    known = _keys_at(place[:-1])
    nearest = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
    remedy = f"did you mean {nearest[0]}?" if nearest else f"known here are {', '.join(known)}."
    return f"“{_short(place[-1])}” is not a known key: {remedy}"


def _keys_at(place: Place) -> list[str]:
    """Return the keys of the model at ``place``, by walking down the annotations from the top."""
    model: type[BaseModel] = Catalog
    for step in place:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def _not_one_of(found: ErrorDetails) -> str:
    expected = str(found["ctx"]["expected"]).replace(" or ", ", ").replace("'", "")
    choices = expected.split(", ")
    given = found["input"]
    folded = {choice.lower(): choice for choice in choices}
    nearest = difflib.get_close_matches(str(given).lower(), folded, n=1, cutoff=0.5)
    hint = f"; did you mean {folded[nearest[0]]}?" if nearest else "."
    return f"“{_short(given)}” is not one of {', '.join(choices)}{hint}"


def _too_long(found: ErrorDetails) -> str:
    limit = found["ctx"]["max_length"]
    what = "characters" if found["type"] == "string_too_long" else "entries"
    return f"Shorten it to {limit:,} {what}; it has {len(found['input']):,}."


def _wrong_type(found: ErrorDetails, written: Mapping[Place, str]) -> str:
    wanted = _KINDS.get(found["type"])
    given = found["input"]
    if wanted is None:
        return f"{found['msg']}."
    if given is None:
        return f"This must be {wanted}, but nothing is written here."
    if wanted == "text" and not isinstance(given, dict | list):
        shown = written.get(found["loc"], str(given).lower() if isinstance(given, bool) else str(given))
        return f'This must be text: put it in quotes, "{_short(shown)}".'
    return f"This must be {wanted}, not {_kind_of(given)}."


def _kind_of(value: Any) -> str:
    kinds: Iterable[tuple[Any, str]] = ((dict, "a mapping"), (list, "a list"), (bool, "true or false"))
    return next((word for kind, word in kinds if isinstance(value, kind)), f"“{_short(value)}”")


def _short(value: object) -> str:
    shown = "".join(letter if letter.isprintable() else "·" for letter in str(value)[: _SHOWN + 1])
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
