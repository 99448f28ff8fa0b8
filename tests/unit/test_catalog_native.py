"""Reading catalog files (INTERFACE 4): every problem with its file, line and what to change."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogs import files, jsontext, native, yamltext
from bot.catalogs.places import Problems
from bot.domain.catalog import ApiStatus, Visibility
from bot.domain.policy import Role

DATA = Path(__file__).parents[1] / "data" / "catalogs"


def problems(text: str, file: str = "acme.yaml") -> list[str]:
    with pytest.raises(Problems) as caught:
        native.parse(text, file)
    return str(caught.value).splitlines()


def in_organization(lines: str) -> str:
    return "version: 1\norganizations:\n  - name: Acme\n" + "".join(f"    {line}\n" for line in lines.splitlines())


def test_the_example_of_the_documentation_is_read() -> None:
    catalog = native.read(DATA / "good" / "acme.yaml").catalog
    organization = catalog.organizations[0]
    api = organization.apis[0]
    assert (catalog.team, organization.name, organization.approval_channel) == (
        "T0ACME",
        "Acme Payments",
        "C0APPROVALS",
    )
    assert organization.approvals and organization.approvals.expire_after == timedelta(days=14)
    assert [(member.user, member.roles) for member in organization.members] == [
        ("U0ADA", (Role.OWNER,)),
        ("U0BOB", (Role.CLIENT_DEVELOPER,)),
    ]
    assert [(plan.name, plan.version, plan.locked) for plan in organization.plans] == [
        ("Free", "1.0", True),
        ("Gold", "2.0", True),
    ]
    assert api.terms
    assert (api.status, api.visibility, api.terms.version) == (ApiStatus.PUBLISHED, Visibility.EVERYONE, "2026-03")
    assert [(offer.plan, offer.requires_approval) for offer in api.plans] == [("Free", False), ("Gold", True)]


def test_what_a_file_does_not_mention_is_known_to_be_unmentioned() -> None:
    organization = native.parse(in_organization("members: []")).catalog.organizations[0]
    assert organization.model_fields_set == {"name", "members"}


def test_all_problems_of_a_file_are_told_in_the_order_of_its_lines() -> None:
    with pytest.raises(Problems) as caught:
        native.read(DATA / "everything_wrong.yaml")
    lines = [problem.line for problem in caught.value.problems]
    assert len(lines) == 30
    assert lines == sorted(lines)
    told = str(caught.value)
    for expected in (
        ":2: “organisations” is not a known key: did you mean organizations?",
        ":5: “descripton” is not a known key: did you mean description?",
        ":8: roles, item 1: “owner” is not one of Owner",
        ":10: Put all roles of U0ADA into one entry: they are listed already at line 9.",
        ':13: version: This must be text: put it in quotes, "1.10".',
        ":16: Remove one of the two: the plan “Free” 1.0 is listed already at line 14.",
        ':20: version: This must be text: put it in quotes, "2026-03-01".',
        ":30: name stands here a second time; the first is at line 19.",
        ":32: List it once or choose another name: “ACME” gives the organization id ACME, and so does “Acme” at line 4",
    ):
        assert expected in told


def test_the_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    with pytest.raises(Problems) as caught:
        native.read_all([DATA / "bad" / "team.yaml", DATA / "good" / "least.yaml", missing, tmp_path])
    assert [Path(problem.file).name for problem in caught.value.problems] == ["team.yaml", missing.name, tmp_path.name]
    assert "There is no such file." in str(caught.value)
    assert "This is a folder: name a file." in str(caught.value)


def test_a_place_in_json_has_its_line() -> None:
    source = native.read(DATA / "good" / "versions_and_null.json")
    place = ("organizations", 0, "apis", 1, "plans", 0, "plan")
    assert source.problem(place, "No such plan.").line == 12
    assert str(source.problem(("organizations", 1), "x")).endswith("versions_and_null.json:16: x")


def test_offers_of_plans_outside_the_file_are_left_to_the_database() -> None:
    catalog = native.read(DATA / "good" / "versions_and_null.json").catalog
    assert [(at, offer.plan) for *at, offer in catalog.unresolved()] == [([0, 1, 0], "In the database")]


def test_problems_in_json_have_lines() -> None:
    text = '{"version": 1,\n"organizations": [\n{"name": "A",\n"nme": 1,\n"name": "B"}]}'
    assert problems(text, "a.json") == [
        "a.json:4: “nme” is not a known key: did you mean name?",
        "a.json:5: name stands here a second time; the first is at line 3.",
    ]


def test_an_escaped_key_is_the_same_key_in_json() -> None:
    assert "second time" in problems('{"version": 1, "organizations": [], "organ\\u0069zations": []}', "a.json")[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "acme.yaml: The file is empty."),
        ("# nothing\n", "acme.yaml: The file is empty."),
        ("hello", "acme.yaml: This is not a Gatehouse catalog"),
        ("swagger: '2.0'", "acme.yaml: This is a Swagger document: read it with gatehouse catalog import openapi."),
        ('{"Metadata": {}, "Users": []}', "acme.yaml: This looks like an Apiman export"),
        ("a: [", "acme.yaml:2:1: This is not YAML: "),
        ("version: 1\n\torganizations: []", "acme.yaml:2:1: This is not YAML: "),
        ("version: 1\n---\nversion: 1", "acme.yaml:2: The file holds more than one document"),
        ("version: 1\norganizations: &a [*a]", "acme.yaml:2: *a stands inside of what it stands for."),
        ("version: 1\norganizations: *a", "acme.yaml:2: *a stands for nothing: no &a comes before it."),
        ("version: 1\norganizations: !!python/name:os.system", "acme.yaml:2: Remove the tag"),
        ("version: 1\n? [a]\n: b", "acme.yaml:2: A key must be a single word or text."),
        ("version: 1\nx: 'a\x07'", "acme.yaml:2: Remove the character U+0007"),
        ("version: " + "9" * 5000, "acme.yaml:1: “9999"),
        ("version: 1\norganizations: " + "[" * 200 + "]" * 200, "acme.yaml:2: The file is nested more than 100 levels"),
        ("{" + '"a":[' * 200_000, "acme.yaml:1:"),
    ],
)
def test_a_file_that_is_no_catalog_gets_one_sentence(text: str, told: str) -> None:
    assert len(problems(text)) == 1
    assert problems(text)[0].startswith(told)


def test_broken_json_is_told_with_line_and_column() -> None:
    assert problems('{"version": 1,\n}', "a.json") == [
        "a.json:2:1: This is not JSON: Expecting property name enclosed in double quotes."
    ]
    assert "NaN" in problems('{"version": NaN}', "a.json")[0]
    assert "nested too deeply" in problems("[" * 200_000, "a.json")[0]


def test_a_billion_laughs_are_refused() -> None:
    text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for before, after in zip("abcdefghi", "bcdefghij", strict=True):
        text += f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n"
    assert "once its aliases are followed" in problems(text)[0]


def test_words_with_braces_stay_words() -> None:
    told = problems(in_organization('plans: [{name: "{0.a}", version: "1"}, {name: "{0.a}", version: "1"}]'))
    assert "“{0.a}” 1 is listed already" in told[0]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"version: 1\nname: \xff", ":2: The byte 0xFF is not UTF-8 text: save the file as UTF-8."),
        ("version: 1".encode("utf-16"), ": The file is UTF-16 text: save it as UTF-8."),
        (b"version: 1\n\x00", ":2: The file holds a NUL character: it isn't text."),
    ],
)
def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(Problems) as caught:
        native.read(path)
    assert str(caught.value) == f"{path}{told}"


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\norganizations: []")
    assert native.read(path).catalog.organizations == ()


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(Problems, match="larger than 1 MiB"):
        files.read(path, size_limit=1024 * 1024)


def test_only_so_many_problems_are_printed() -> None:
    told = problems("version: 1\norganizations: [" + "{}," * 300 + "]")
    assert len(told) == 201
    assert told[-1] == "… and 100 more."


def test_a_file_that_is_wrong_throughout_is_refused_as_a_whole() -> None:
    told = problems('{"version": 1, "organizations": [' + "{}," * 20_001 + "{}]}")
    assert told == ["acme.yaml: 20,002 things are wrong with this file: it is hardly meant as a catalog."]


def test_a_file_of_millions_of_values_is_refused() -> None:
    assert "more than 5,000,000 values" in problems('{"version": 1, "organizations": [' + "," * 5_000_001, "a.json")[0]


WORDS = st.sampled_from(
    ["name", "version", "organizations", "plans", "apis", "members", "user", "roles", "plan", "Acme"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_whatever_is_written_is_a_catalog_or_told_in_sentences(value: object) -> None:
    text = json.dumps({"version": 1, "organizations": [value]})
    try:
        native.parse(text, "a.json")
    except Problems as found:
        assert all(problem.line == 1 and problem.sentence.endswith((".", "?")) for problem in found.problems)


@given(st.text())
def test_any_text_is_a_catalog_or_refused(text: str) -> None:
    with pytest.raises(Problems):
        native.parse(text, "a.yaml")


@given(VALUES)
def test_json_and_yaml_readers_find_the_same_lines(value: object) -> None:
    text = json.dumps({"top": value}, indent=1).replace("\\u", "u")
    assert yamltext.values(text, "a")[1].lines == jsontext.marks(text).lines
