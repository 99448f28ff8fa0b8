"""Who sees which version of an API, and what makes it findable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.apis import ApiVersion, Standing, faces, may_see, newest_first
from bot.domain.catalog import ApiStatus, Visibility
from bot.domain.search import Fit, fit, is_typo, looked_up, parts, variants, words

CREATED, PUBLISHED, RETIRED = ApiStatus.CREATED, ApiStatus.PUBLISHED, ApiStatus.RETIRED
EVERYONE, MEMBERS, ORGANIZATION = Visibility.EVERYONE, Visibility.MEMBERS, Visibility.ORGANIZATION
ANYBODY, MEMBER, INSIDE = Standing.ANYBODY, Standing.MEMBER, Standing.INSIDE
LETTERS = st.text("abcdefg", min_size=5, max_size=12)


def version(number: str, status: ApiStatus = PUBLISHED, visibility: Visibility = EVERYONE) -> ApiVersion:
    return ApiVersion(id=number, version=number, status=status, visibility=visibility)


def shown(*versions: ApiVersion) -> list[tuple[str, int, int]]:
    return [(face.version.version, face.first, face.last) for face in faces(versions)]


@pytest.mark.parametrize(
    ("status", "visibility", "seen_by"),
    [
        (PUBLISHED, EVERYONE, [ANYBODY, MEMBER, INSIDE]),
        (PUBLISHED, MEMBERS, [MEMBER, INSIDE]),
        (PUBLISHED, ORGANIZATION, [INSIDE]),
        (RETIRED, EVERYONE, [ANYBODY, MEMBER, INSIDE]),
        (RETIRED, MEMBERS, [MEMBER, INSIDE]),
        (RETIRED, ORGANIZATION, [INSIDE]),
        (CREATED, EVERYONE, [INSIDE]),
        (CREATED, MEMBERS, [INSIDE]),
        (CREATED, ORGANIZATION, [INSIDE]),
    ],
)
def test_each_standing_sees_what_its_visibility_and_status_allow(
    status: ApiStatus, visibility: Visibility, seen_by: list[Standing]
) -> None:
    assert [standing for standing in Standing if may_see(status, visibility, standing)] == seen_by


def test_versions_are_ordered_by_their_numbers_and_a_beta_comes_before_its_release() -> None:
    numbers = ["1.9", "1.10", "v1.11", "2.0-beta", "2.0", "2.0.1", "2026-03", "10.0"]
    assert [one.version for one in newest_first(map(version, numbers))] == [
        *("2026-03", "10.0", "2.0.1", "2.0", "2.0-beta", "v1.11", "1.10", "1.9"),
    ]


def test_everybody_is_shown_the_newest_published_version_they_may_see() -> None:
    assert shown(version("1.0"), version("1.1")) == [("1.1", 0, 2)]
    assert shown(version("1.0"), version("2.0", visibility=MEMBERS), version("3.0", visibility=ORGANIZATION)) == [
        *(("1.0", 0, 0), ("2.0", 1, 1), ("3.0", 2, 2)),
    ]
    assert shown(version("1.0", visibility=MEMBERS)) == [("1.0", 1, 2)]


def test_a_version_that_is_not_published_shows_inside_and_only_where_none_is() -> None:
    assert shown(version("1.0", CREATED), version("2.0", CREATED)) == [("2.0", 2, 2)]
    assert shown(version("1.0"), version("2.0", CREATED)) == [("1.0", 0, 2)]


def test_an_api_whose_versions_are_all_retired_is_in_no_list() -> None:
    assert shown(version("1.0", RETIRED)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Té para dos", ("te", "para", "dos")),
        ("Payments / PAYMENTS (v2.1)", ("payments", "v2", "1")),
        ("amazonaws.com", ("amazonaws", "com")),
        ("  ", ()),
        ("!?", ()),
    ],
)
def test_words_are_folded_and_counted_once(text: str, found: tuple[str, ...]) -> None:
    assert words(text) == found


def test_the_middle_of_a_word_is_three_letters_or_more() -> None:
    assert list(parts("payment")) == ["ayment", "yment", "ment", "ent"]
    assert list(parts("pay")) == []


@pytest.mark.parametrize(
    ("term", "word", "how"),
    [
        ("pay", "pay", Fit.EXACT),
        ("pay", "payments", Fit.PREFIX),
        ("ment", "payments", Fit.INSIDE),
        ("en", "payments", None),
        ("paiments", "payments", Fit.TYPO),
        ("pyments", "payments", Fit.TYPO),
        ("payyments", "payments", Fit.TYPO),
        ("pamyents", "payments", Fit.TYPO),
        ("paymentss", "payments", Fit.TYPO),
        ("paiment", "payments", Fit.TYPO),
        ("paimints", "payments", None),
        ("bnak", "bank", None),
        ("planx", "planning", None),
        ("12346", "12345", None),
    ],
)
def test_a_term_fits_exactly_or_at_the_beginning_or_inside_or_but_for_one_typo(
    term: str, word: str, how: Fit | None
) -> None:
    assert fit(term, word) is how


@given(
    LETTERS, st.integers(0, 12), st.sampled_from("abcdefg"), st.sampled_from(["wrong", "missing", "extra", "swapped"])
)
def test_whatever_is_one_typo_away_is_looked_up_and_recognised(word: str, at: int, letter: str, kind: str) -> None:
    at %= len(word)
    if kind == "wrong":
        term = word[:at] + letter + word[at + 1 :]
    elif kind == "missing":
        term = word[:at] + word[at + 1 :]
    elif kind == "extra":
        term = word[:at] + letter + word[at:]
    else:
        term = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    if len(term) < 5 or term == word or word.startswith(term):
        return
    assert looked_up(term) & variants(word)
    assert is_typo(term, word)


@given(LETTERS, LETTERS)
def test_two_words_are_a_typo_apart_only_if_one_letter_makes_the_difference(term: str, word: str) -> None:
    def edited(one: str) -> set[str]:
        splits = [(one[:at], one[at:]) for at in range(len(one) + 1)]
        return {
            *(left + right[1:] for left, right in splits),
            *(left + letter + right[1:] for left, right in splits for letter in "abcdefg" if right),
            *(left + letter + right for left, right in splits for letter in "abcdefg"),
            *(left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1),
        }

    if is_typo(term, word):
        assert any(word[:length] in edited(term) for length in range(len(word) + 1))
