"""Views are drawn as slack_sdk draws them."""

from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, ExternalDataSelectElement, RichTextBlock, RichTextSectionElement
from slack_sdk.models.views import View

from blocks import kit

BLOCKS: list[Block] = [
    kit.header("My clients"),
    kit.paragraph("Web shop <b>", block_id="one", button=kit.button("Details", "client.open", "id", style="primary")),
    kit.note("*small* print", "and more"),
    kit.facts([("Name", "Web shop"), ("Description", "")], block_id="facts"),
    RichTextBlock(elements=[RichTextSectionElement(elements=[])]),
    kit.text_input("name", "Name", value="Web shop", hint="No blanks", placeholder="For example", focus=True),
    kit.buttons(kit.button("Back", "client.back", "id")),
    kit.buttons(ExternalDataSelectElement(action_id="choose", initial_option=kit.option("Acme", "id"))),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("fields", [{"type": "home"}, {"type": "modal", "title": "Client", "submit": "Next"}])
def test_a_view_is_drawn_as_slack_sdk_draws_it(fields: dict[str, Any]) -> None:
    view = View(blocks=BLOCKS, **fields)
    assert kit.drawn(view) == view.to_dict()
    assert len(kit.drawn(view)["blocks"]) == len(BLOCKS)


def test_what_slack_sdk_would_refuse_is_refused() -> None:
    with pytest.raises(SlackObjectFormationError, match="title"):
        kit.drawn(View(type="modal", title="x" * 25, blocks=BLOCKS))
