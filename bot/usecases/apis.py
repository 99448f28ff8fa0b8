"""Finding an API and looking at it (SPEC 3)."""

from bot.domain.apis import Api, ApiPage
from bot.domain.people import Profile
from bot.domain.policy import HouseRules
from bot.errors import NotAllowed
from bot.store.unit import Unit
from bot.usecases.rights import is_admin, require_member

PAGE = 10
"""APIs on a page of a list (SPEC 3.1)."""


def find_apis(unit: Unit, rules: HouseRules, profile: Profile, *, text: str = "", page: int = 0) -> ApiPage:
    """Return a page of the APIs somebody may see that fit ``text``, best first; a page past the end shows the first.

    Args:
        text: words, parts of words; empty: all APIs by name.

    Raises:
        NotAllowed: a guest, bot or stranger.
    """
    require_member(profile)
    text = " ".join(text.split())
    reader = unit.search.reader(profile.person, everywhere=is_admin(unit, rules, profile.person))
    for at in (max(page, 0), 0):
        if text:
            found = unit.search.find(reader, text, offset=at * PAGE, limit=PAGE)
        else:
            found = unit.search.everything(reader, offset=at * PAGE, limit=PAGE)
        if found.ids or not at:
            break
    return ApiPage(
        apis=unit.apis.lines(found.ids),
        page=at,
        size=PAGE,
        total=found.total,
        is_floor=found.is_floor,
        text=text,
    )


def api_details(unit: Unit, rules: HouseRules, profile: Profile, api_version_id: str) -> Api:
    """Return an API version as somebody sees it.

    Raises:
        NotAllowed: a guest, bot or stranger; or it doesn't exist or they may not see it: one sentence for both.
    """
    require_member(profile)
    everywhere = is_admin(unit, rules, profile.person)
    api = unit.apis.get(profile.person, api_version_id, everywhere=everywhere)
    if api is None:
        raise NotAllowed("That API doesn't exist, or you may not see it.")
    return api
