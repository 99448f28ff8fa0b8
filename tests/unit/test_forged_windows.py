"""What a window carries and holds may be anything: what we did not put or offer there counts for nothing (B17)."""

import json
from typing import Any

import orjson
import pytest

from blocks import apis, clients, kit, sign_up
from blocks.approvals import Place
from bot.domain.contracts import SignUpDraft
from bot.errors import Refusal
from tests.bodies import SUBMISSION, raising, view, with_handler

DRAFT = SignUpDraft(id="d", offer="o", kind="existing", organization="here", client="mine")


def chosen(field: str, action_id: str, value: str) -> dict[str, Any]:
    return {field: {action_id: {"selected_option": {"value": value}}}}


@pytest.mark.parametrize("value", ["", "neither", "a\0b", "x" * 100_000])
def test_a_kind_that_was_not_offered_changes_nothing(value: str) -> None:
    assert sign_up.read_client(chosen("kind", sign_up.KIND, value), DRAFT) == DRAFT


@pytest.mark.parametrize("value", ["x" * 23, "a\0b"])
def test_what_is_no_id_of_ours_chooses_nothing(value: str) -> None:
    assert sign_up.read_client(chosen("client__rhere", sign_up.CHOOSE_CLIENT, value), DRAFT).client == ""
    assert sign_up.read_client(chosen("organization__r", sign_up.ORGANIZATION, value), DRAFT).organization == ""


@pytest.mark.parametrize("carried", ["a\0b", "\ud800", "x" * 23, 5, None, ["c"]])
def test_metadata_that_no_database_takes_is_from_another_version(carried: object) -> None:
    with pytest.raises(Refusal, match="older version"):
        kit.read_metadata(Place, json.dumps({"contract": carried}))


@pytest.mark.parametrize("page", [-1, 1_000_000, 2**63])
def test_a_page_that_no_list_has_is_from_another_version(page: int) -> None:
    for place in (apis.Place, clients.Place, Place):
        with pytest.raises(Refusal, match="older version"):
            kit.read_metadata(place, json.dumps({"page": page}))


def test_more_search_text_than_fits_into_a_window_is_from_another_version() -> None:
    with pytest.raises(Refusal, match="older version"):
        kit.read_metadata(apis.Place, json.dumps({"text": "x" * 101}))


async def test_a_window_nested_too_deep_to_be_sent_back_gives_way_to_the_sentence() -> None:
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    board = with_handler(raising(Refusal("Not now.")))
    for body in (SUBMISSION, SUBMISSION | {"view": view(external_id=deep)}):
        answer = await board.answer(body)
        assert b"Not now." in orjson.dumps(answer)
