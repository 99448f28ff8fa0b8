"""Text and id rules (SPEC 1, DOMAIN A1, RELIABILITY B19)."""

import sys
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import names
from bot.errors import Refusal

IDS = [
    ("Té para dos", "Teparados"),
    ("Deloitte & Touche", "DeloitteTouche"),
    ("Straße", "Strasse"),
    ("1.0.7-SNAPSHOT", "1.0.7-SNAPSHOT"),
    ("Æther", "Aether"),
    ("Łódź", "Lodz"),
    ("Ελλάδα", "Ellada"),
    ("日本語", "RiBenYu"),
    ("a_b.c-d", "a_b.c-d"),
    ("🎉", ""),
    ("Party 🎉", "Party"),
    ("!!!", ""),
    ("", ""),
]
REFUSED_NAMES = [
    ("", "Enter a name."),
    (" \t\n", "Enter a name."),
    ("a\x00b", "NUL character (U+0000) at position 2"),
    ("a\nb", "line break"),
    ("a\tb", "tab"),
    ("a\x1b[31m", "escape character"),
    ("a\x9fb", "control character (U+009F)"),
    ("a\u200bb", "zero-width space (U+200B) at position 2"),
    ("  a\u202eb", "turns the text direction (U+202E) at position 4"),
    ("a\u2066b", "turns the text direction"),
    ("a\u200eb", "text direction mark"),
    ("\ufeffAcme", "byte order mark"),
    ("A\u00adcme", "soft hyphen"),
    ("\U0001f469\u200d\U0001f4bb team", "zero-width joiner (U+200D)"),
    ("a\U000e0041", "invisible format character (U+E0041)"),
    ("a\ue000", "private-use character"),
    ("a\U0010ffff", "unassigned character"),
    ("a\ufdd0", "unassigned character"),
    ("a\ud800", "half a character"),
    ("a\u3164", "invisible filler"),
    ("a\u2028b", "line break"),
    ("Z" + "\u0301" * 6, "accents"),
    ("x" * 81, "80 characters; it has 81"),
    ("🎉🎉", "letter or digit"),
    ("& ?", "letter or digit"),
]
CORPUS = [
    letter
    for letter in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"}
    or letter in "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ue000\uf8ff\U000f0000\U0010fffd\ud800\udbff\udfff"
    or ord(letter) & 0xFFFE == 0xFFFE
    or 0xFDD0 <= ord(letter) <= 0xFDEF
]
"""Every control and format character of Unicode, all noncharacters, and some private and broken ones."""
EVERY_TEXT = st.text(st.characters(exclude_categories=[]))


def refusal(rule: Callable[..., str], text: str, **options: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        rule(text, **options)
    return caught.value


@pytest.mark.parametrize(("name", "identifier"), IDS)
def test_an_id_is_the_ascii_spelling_of_a_name(name: str, identifier: str) -> None:
    assert names.identifier(name) == identifier


def test_composed_and_decomposed_spellings_give_one_id() -> None:
    assert names.identifier("Caf\u00e9") == names.identifier("Cafe\u0301") == "Cafe"


def test_ids_are_unique_whatever_their_case() -> None:
    assert names.fold("Client1") == names.fold("CLIENT1")


@pytest.mark.parametrize(("text", "words"), REFUSED_NAMES)
def test_a_bad_name_is_refused_in_words_that_say_what_to_change(text: str, words: str) -> None:
    error = refusal(names.name, text, field="organization")
    assert words in str(error)
    assert error.field == "organization"
    assert str(error).isprintable()


def test_a_name_is_trimmed_folded_and_composed() -> None:
    assert names.name("  Te\u0301  para\u00a0dos \n") == "Té para dos"


def test_a_name_may_have_eighty_characters() -> None:
    assert names.name("é" * 80) == "é" * 80


@pytest.mark.parametrize("text", ["1.0", "1.0.7-SNAPSHOT", "v_2", "2026-03", "x" * 40, " 1.0 "])
def test_good_versions_pass(text: str) -> None:
    assert names.version(text) == text.strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter a version"),
        ("1 0", "a space"),
        ("2.0 (v2)", "‘(’"),
        ("1\u200b0", "U+200B"),
        ("1/0", "‘/’"),
        ("ü", "‘ü’"),
        ("1\x00", "U+0000"),
        ("x" * 41, "40 characters; it has 41"),
    ],
)
def test_a_bad_version_is_refused_with_the_characters_named(text: str, words: str) -> None:
    error = refusal(names.version, text)
    assert words in str(error)
    assert error.field == "version"


def test_a_description_keeps_its_line_breaks_in_one_spelling() -> None:
    assert names.description("a\r\nb\rc\u2028d\te  \nf ") == "a\nb\nc\nd e\nf"
    assert names.description("") == ""


def test_joined_emoji_may_stand_in_a_description() -> None:
    assert names.description("\U0001f469\u200d\U0001f4bb") == "\U0001f469\u200d\U0001f4bb"


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x1c", "\u202e", "\u200b", "\ufeff", "\ud800", "\uffff"])
def test_control_and_invisible_characters_are_refused_in_prose(letter: str) -> None:
    assert "at position 2" in str(refusal(names.description, f"a{letter}b"))
    assert refusal(names.reason, f"a{letter}b").field == "reason"


def test_a_long_description_is_refused_with_both_numbers() -> None:
    assert str(refusal(names.description, "x" * 1513)) == "Shorten the description to 512 characters; it has 1,513."
    assert "1,000 characters" in str(refusal(names.reason, "x" * 1001))


def test_a_reason_may_be_empty_unless_it_is_required() -> None:
    assert names.reason(" ") == ""
    assert str(refusal(names.reason, " ", required=True)) == "Enter a reason."


def test_a_name_is_repaired_where_nobody_can_be_asked() -> None:
    long = names.clean_name("word " * 30)
    assert long.value == ("word " * 16).strip()
    assert long.changes == ("cut from 149 to 79 characters",)
    assert names.clean_name("a\u200bb").changes == ("unusable characters removed",)
    assert names.clean_name("🎉", fallback="U0ADA").value == "U0ADA"
    assert names.clean_name("Acme") == names.Cleaned("Acme")


def test_a_version_is_repaired_where_nobody_can_be_asked() -> None:
    assert names.clean_version("2.0 (v2)") == names.Cleaned("2.0-v2", ("version 2.0 (v2) became 2.0-v2",))
    assert names.clean_version("").value == "1.0"
    assert names.clean_version("-1-") == names.Cleaned("-1-")


def test_a_description_is_cut_at_a_word_where_nobody_can_be_asked() -> None:
    cut = names.clean_description("word " * 300)
    assert cut.value.endswith("word …") and len(cut.value) <= 512
    assert cut.changes[0].startswith("cut from 1,499 to")


def test_every_character_that_may_not_stand_in_a_name_is_refused_and_named() -> None:
    for letter in CORPUS:
        for text in (f"a{letter}b", f"{letter}ab", f"a{letter * 2}"):
            if text.strip() == text:
                error = refusal(names.name, text)
                assert f"U+{ord(letter):04X}" in str(error) and str(error).isprintable()
        assert names.clean_name(f"a{letter}b").value in ("ab", "a b")


def test_no_control_or_broken_character_gets_into_prose() -> None:
    for letter in CORPUS:
        cleaned = names.clean_description(f"a{letter}b").value
        assert names.description(cleaned) == cleaned
        assert "\x00" not in cleaned and not any(0xD800 <= ord(kept) <= 0xDFFF for kept in cleaned)


@given(EVERY_TEXT)
def test_whatever_is_accepted_keeps_every_rule(text: str) -> None:
    try:
        value = names.name(text)
    except Refusal as error:
        assert error.field == "name" and str(error).isprintable()
        return
    assert 1 <= len(value) <= 80 and value == names.name(value)
    assert unicodedata.normalize("NFC", value) == value == value.strip()
    assert not {unicodedata.category(letter) for letter in value} & {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
    assert names.identifier(value)


@given(EVERY_TEXT)
def test_an_id_has_no_other_characters_than_the_allowed(text: str) -> None:
    assert set(names.identifier(text)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


@given(EVERY_TEXT)
def test_what_was_repaired_is_accepted_as_it_is(text: str) -> None:
    assert names.name(names.clean_name(text).value) == names.clean_name(text).value
    assert names.version(names.clean_version(text).value) == names.clean_version(text).value
    assert names.description(names.clean_description(text).value) == names.clean_description(text).value


@given(EVERY_TEXT)
def test_prose_that_is_accepted_can_be_stored_and_sent(text: str) -> None:
    try:
        value = names.description(text)
    except Refusal as error:
        assert str(error).isprintable()
        return
    assert len(value) <= 512 and "\x00" not in value and "\r" not in value and value == names.description(value)
    value.encode()
