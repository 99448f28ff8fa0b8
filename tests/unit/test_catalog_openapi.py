"""Reading OpenAPI and Swagger documents: real ones, untidy ones, hostile ones."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.catalogs import openapi
from bot.domain.catalog import Api, Imported, Offer, Outcome
from bot.errors import Refusal

DATA = Path(__file__).parents[1] / "data"
INFO = {"title": "Tea", "version": "1.0"}


def imported(folder: Path, *offers: Offer) -> Imported:
    return openapi.read([folder], organization="Acme", offers=offers)


def one(folder: Path, document: Any, name: str = "tea.json") -> tuple[Api | None, list[str]]:
    """Read one document; give the API made of it, and what was noted."""
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / name).write_text(text, "utf-8")
    done = imported(folder)
    apis = done.catalog.organizations[0].apis
    return (apis[0] if apis else None), [f"{note.outcome}: {note.why}" for note in done.notes]


def made(folder: Path, document: Any, name: str = "tea.json") -> Api:
    api, told = one(folder, document, name)
    assert api, told
    return api


def test_real_documents_become_apis() -> None:
    done = imported(DATA / "openapi", Offer(plan="Free", version="1.0"))
    apis = {api.name: api for api in done.catalog.organizations[0].apis}
    assert len(apis) == len(list((DATA / "openapi").iterdir()))
    assert apis["Twilio - Accounts"].version == "1.55.0"
    assert apis["Twilio - Accounts"].endpoint == "https://accounts.twilio.com"
    assert apis["Lumminary API"].endpoint == "https://api.lumminary.com/v1"
    assert all(api.plans == (Offer(plan="Free", version="1.0"),) for api in apis.values())
    assert [note.entry for note in done.notes if note.outcome is Outcome.LEFT_OUT] == []


def test_what_was_cut_or_changed_is_noted_with_its_file() -> None:
    told = {(Path(note.entry).name, note.why) for note in imported(DATA / "openapi").notes}
    assert ("lumminary.com.json", "endpoint: no scheme is given, https taken") in told
    assert ("zapier.com-nla.json", "description: cut from 16,891 to 510 characters") in told
    assert any(why.startswith("terms of service left out") for _, why in told)


def test_reading_again_gives_the_same() -> None:
    assert imported(DATA / "openapi") == imported(DATA / "openapi")


def test_what_a_document_does_not_say_is_not_mentioned(tmp_path: Path) -> None:
    assert made(tmp_path, {"openapi": "3.1.0", "info": INFO}).model_fields_set == {"name", "version"}


def test_swagger_two_is_read(tmp_path: Path) -> None:
    document = {"swagger": "2.0", "info": INFO, "host": "a.example", "basePath": "/v1", "schemes": ["http", "https"]}
    assert made(tmp_path, document).endpoint == "https://a.example/v1"


def test_server_variables_take_their_defaults(tmp_path: Path) -> None:
    server = {"url": "https://{region}.a.example/{x}", "variables": {"region": {"default": "eu"}}}
    assert (
        made(tmp_path, {"openapi": "3.0.0", "info": INFO, "servers": [server]}).endpoint == "https://eu.a.example/{x}"
    )


def test_yaml_versions_are_taken_as_they_are_written(tmp_path: Path) -> None:
    assert made(tmp_path, "openapi: 3.0.0\ninfo: {title: 2024, version: 1.10}", "tea.yaml").version == "1.10"
    assert made(tmp_path, "swagger: 2.0\ninfo: {title: Tea, version: 2026-03-01}", "tea.yaml").version == "2026-03-01"


def test_untidy_texts_are_repaired_and_noted(tmp_path: Path) -> None:
    info = {
        "title": "T" * 90,
        "version": "2.0 (v2)",
        "description": "<p>Hot\u200b <b>tea</b></p>",
        "termsOfService": "x",
    }
    servers = [{"url": "/v1"}]
    tags = [{"name": f"tag {number}"} for number in range(25)] + [{"name": "y" * 41}, {}, "text"]
    api, told = one(tmp_path, {"openapi": "3.0.3", "info": info, "servers": servers, "tags": tags})
    assert api
    assert (api.name, api.version, api.description, api.endpoint) == ("T" * 80, "2.0-v2", "Hot tea", None)
    assert len(api.tags) == 20
    for expected in (
        "name: cut from 90 to 80",
        "version 2.0 (v2) became",
        "unusable characters",
        "tags: the first 20 of 25",
    ):
        assert any(expected in line for line in told)
    assert any("endpoint left out, /v1 does not fit" in line for line in told)


def test_a_document_without_a_title_is_called_like_its_file(tmp_path: Path) -> None:
    api = made(tmp_path, {"openapi": "3.0.0", "info": {}}, "green-tea.json")
    assert (api.name, api.version) == ("green-tea", "1.0")


def test_the_same_api_in_two_files_is_taken_once(tmp_path: Path) -> None:
    for file, title, version in (("a.json", "Tea", "1"), ("b.json", "TEA!", "1"), ("c.json", "tea", "2")):
        document = {"openapi": "3.0.0", "info": {"title": title, "version": version}}
        (tmp_path / file).write_text(json.dumps(document))
    done = imported(tmp_path)
    assert [(api.name, api.version) for api in done.catalog.organizations[0].apis] == [("Tea", "1"), ("Tea", "2")]
    told = [(Path(note.entry).name, note.outcome) for note in done.notes]
    assert ("b.json", Outcome.LEFT_OUT) in told and ("c.json", Outcome.CHANGED) in told


LAUGHS = "openapi: 3.0.0\ninfo: {title: Tea}\na: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.yaml", LAUGHS, "once its aliases are followed"),
        ("a.yaml", "openapi: 3.0.0\ninfo: &a {title: *a}", "stands inside of what it stands for"),
        ("a.yaml", "openapi: 3.0.0\ninfo: !!python/object/apply:os.system [ls]", "Remove the tag"),
        ("a.json", '{"openapi": "3.0.0", "x": ' + "[" * 100_000, "nested too deeply"),
        ("a.yaml", "openapi: 3.0.0\nx: " + "[" * 500 + "]" * 500, "nested more than 100 levels"),
        ("a.json", '{"openapi": "3.0.0", "info": {"$ref": "https://evil.example/i"}}', "references are not followed"),
        ("a.yml", "openapi: 3.0.0\ninfo:\n  $ref: ../../../etc/passwd", "references are not followed"),
        ("a.json", '{"openapi": "4.0.0", "info": {}}', "only OpenAPI 3.0, 3.1 and Swagger 2.0"),
        ("a.json", '{"swagger": "1.2"}', "only OpenAPI 3.0, 3.1 and Swagger 2.0"),
        ("a.json", '{"openapi": "3.0.0"}', "info is missing"),
        ("a.json", '{"openapi": "3.0.0", "info": [1]}', "info is missing"),
        ("a.json", '{"name": "package"}', "this is no OpenAPI or Swagger document"),
        ("a.json", "[]", "this is no OpenAPI or Swagger document"),
        ("a.json", '{"openapi"', "This is not JSON"),
        ("a.json", '{"openapi": ' + "9" * 5000 + "}", "a number that can't be read"),
        ("a.yaml", "", "this is no OpenAPI or Swagger document"),
    ],
)
def test_a_bad_document_is_left_out_with_a_reason_and_the_next_is_read(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "b.json").write_text(json.dumps({"openapi": "3.0.0", "info": INFO}))
    done = imported(tmp_path)
    assert [api.name for api in done.catalog.organizations[0].apis] == ["Tea"]
    assert [(Path(note.entry).name, note.outcome) for note in done.notes] == [
        (name, Outcome.LEFT_OUT),
        ("b.json", Outcome.MAPPED),
    ]
    assert why in done.notes[0].why


@pytest.mark.parametrize("value", [None, True, 7, 1.5, "text", [], {}, [[]], [{}], {"a": []}, "\ud800\x00\u202e"])
def test_whatever_stands_in_a_document_nothing_breaks(tmp_path: Path, value: object) -> None:
    info = {"title": value, "version": value, "description": value, "x-apisguru-categories": value}
    document = {"info": info, "servers": value, "externalDocs": value, "tags": value, "host": value, "schemes": value}
    made(tmp_path, document | {"openapi": "3.0.0"})
    made(tmp_path, document | {"swagger": "2.0"})
    one(tmp_path, {"openapi": value, "info": value})


def test_folders_are_searched_but_hidden_and_other_files_are_not(tmp_path: Path) -> None:
    for name in ("b/x.yaml", "a.JSON", ".git/y.json", "c/.z.yml", "readme.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    found = openapi.find([tmp_path, tmp_path / "a.JSON"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a.JSON", "b/x.yaml"]


def test_a_missing_file_and_a_pipe_are_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    done = openapi.read([tmp_path / "missing.json", tmp_path], organization="Acme")
    assert [note.why for note in done.notes] == ["There is no such file.", "this is no ordinary file"]


def test_each_file_is_counted_for_the_progress_bar(tmp_path: Path) -> None:
    seen: list[Path] = []
    openapi.read([DATA / "openapi"], organization="Acme", each=seen.append)
    assert seen == openapi.find([DATA / "openapi"])


def test_an_organization_that_breaks_the_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="Enter a name"):
        openapi.read([tmp_path], organization=" ")


def test_json_and_yaml_give_the_same_api(tmp_path: Path) -> None:
    document = json.loads((DATA / "openapi" / "webscraping.ai.json").read_text("utf-8"))
    first = made(tmp_path, document)
    (tmp_path / "tea.json").unlink()
    assert made(tmp_path, yaml.safe_dump(document), "tea.yaml") == first
