"""A window that is drawn anew while somebody presses a button loses no press."""

from tests.browser.studio import Studio, type_in
from tests.browser.test_pictures import enter, press

PRESSED = 600
"""Milliseconds a slow finger rests on a button: live updates of the correction just made come in meanwhile."""


async def test_next_is_pressed_slowly_right_after_a_field_was_corrected(studio: Studio) -> None:
    page = await studio.window("U0NEW")
    await type_in(page, "/create-client")
    dialog = page.get_by_role("dialog", name="Create Client")
    await press(dialog, "Next")
    await dialog.get_by_text("Step 2 of 3").wait_for()
    await enter(dialog, "Film night", "first one", "")
    await press(dialog, "Next")
    await dialog.locator(".field-error", has_text="it can't contain a space").wait_for()
    version = dialog.get_by_label("Version")
    await version.click(click_count=3)
    await version.press_sequentially("1.0")
    box = await dialog.get_by_role("button", name="Next").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await page.wait_for_timeout(PRESSED)
    await page.mouse.up()
    await dialog.get_by_text("Step 3 of 3").wait_for()


async def test_a_window_that_goes_away_under_the_fingers_leaves_room_for_the_next_one(studio: Studio) -> None:
    page, workspace = await studio.window("U0NEW"), studio.house.workspace
    await type_in(page, "/create-client")
    dialog = page.get_by_role("dialog", name="Create Client")
    await press(dialog, "Next")
    await dialog.get_by_label("Name").press_sequentially("Film night")
    workspace.screens.clear("U0NEW")
    workspace.changed("modal:U0NEW")
    await dialog.wait_for(state="detached")
    await type_in(page, "/my-clients")
    await page.get_by_role("dialog", name="My clients").wait_for()
