"""What protects nothing is found: the examples of settings and documents, and files that are open to everybody."""

import re
from pathlib import Path

import pytest

from bot import exposure
from bot.errors import WrongSettings
from bot.settings import EXAMPLES, Settings, load

OWN = {
    "SLACK_BOT_TOKEN": "xoxb-2158074713-2163018514-mQfJb6ZkVv3o",
    "SLACK_SIGNING_SECRET": "c0ffee1f0b5a4e7d9a3b6c8d2e4f6a7b",
    "GATEHOUSE_SECRET_KEY": "nq1V9dYbN0bRkTz7v3xUe5sPq8wLh2jG",
    "GATEHOUSE_AUTHORIZE_TOKEN": "t0k3n-of-the-gateway",
    "GATEHOUSE_DATABASE_URL": "postgresql://gatehouse:hPz81xQv@database/gatehouse",
}
SECRETS = [name for name in EXAMPLES if re.search("TOKEN|SECRET", name)]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def settings(**changed: str) -> Settings:
    return load(_env_file=None, **(OWN | changed))


def found(**changed: str) -> list[str]:
    return list(exposure.copied_secrets(settings(**changed)))


def made(path: Path, mode: int) -> Path:
    path.touch()
    path.chmod(mode)
    return path


def test_secrets_of_ones_own_are_fine() -> None:
    assert found() == []
    exposure.refuse(settings())


@pytest.mark.parametrize("name", SECRETS)
def test_our_own_example_of_a_secret_is_none(name: str) -> None:
    example = EXAMPLES[name].partition(" (")[0]
    assert found(**{name: example})[0].startswith(f"{name} is the value of an example")


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "CHANGE-ME",
        "example",
        "secret",
        "password",
        "your-secret-key",
        "xxxxxxxx",
        "<key>",
        "…",
        "placeholder",
    ],
)
def test_a_placeholder_is_no_secret(value: str) -> None:
    assert len(found(GATEHOUSE_SECRET_KEY=value, GATEHOUSE_AUTHORIZE_TOKEN=value)) == 2
    assert found(GATEHOUSE_SECRET_KEY=f"{OWN['GATEHOUSE_SECRET_KEY']},{value}")


@pytest.mark.parametrize("value", ["xoxb-your-token", "xoxb-xxxxxxxxxxxx", "xoxb-…", "xoxb-123-456-abcdef"])
def test_a_placeholder_behind_the_beginning_of_a_token_is_no_token(value: str) -> None:
    assert found(SLACK_BOT_TOKEN=value)


def test_the_secret_of_slacks_documentation_is_none_also_as_the_older_of_two() -> None:
    assert found(SLACK_SIGNING_SECRET=f"{OWN['SLACK_SIGNING_SECRET']},8f742231b10e8888abcd99aaabbb85a5")


def test_the_password_of_the_example_of_a_database_is_none() -> None:
    assert "password" in found(GATEHOUSE_DATABASE_URL="postgresql://user:password@host/gatehouse")[0]
    assert found(GATEHOUSE_DATABASE_URL="postgresql://gatehouse@/gatehouse?host=%2Frun") == []


def test_a_secret_that_holds_a_word_of_an_example_is_fine() -> None:
    for value in ("secretary-of-3-crows", "7-examples-a-day", "password-of-the-day-41"):
        assert found(GATEHOUSE_SECRET_KEY=value) == []


def test_no_sentence_repeats_the_secret() -> None:
    secret = "8f742231b10e8888abcd99aaabbb85a5"
    assert secret not in found(SLACK_SIGNING_SECRET=secret)[0]


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o666])
def test_a_file_that_others_may_read_or_change_is_named_with_what_to_type(tmp_path: Path, mode: int) -> None:
    path = made(tmp_path / "my data.db", mode)
    (sentence,) = exposure.open_files([path])
    assert sentence.endswith(f"run chmod 600 '{path}'.")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_a_file_of_its_owner_and_group_is_fine(tmp_path: Path, mode: int) -> None:
    path = made(tmp_path / "gatehouse.db", mode)
    assert list(exposure.open_files([path, tmp_path / "none", tmp_path])) == []


def test_where_files_have_no_modes_none_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / ".env", 0o644)
    paths = exposure.served_files(settings())
    assert list(exposure.open_files(paths))
    monkeypatch.setattr(exposure, "POSIX", False)
    assert list(exposure.open_files(paths)) == []


@pytest.mark.parametrize("name", [".env", "kept.db", "kept.db-wal"])
def test_a_start_is_refused_with_the_first_finding(tmp_path: Path, name: str) -> None:
    wanted = settings(GATEHOUSE_DATABASE_URL="sqlite:///kept.db")
    exposure.refuse(wanted)
    made(tmp_path / name, 0o644)
    with pytest.raises(WrongSettings, match=rf"^{re.escape(name)} can be read .* chmod 600 {re.escape(name)}\.$"):
        exposure.refuse(wanted)


def test_a_backup_beside_the_database_stops_no_start_and_is_told_by_the_doctor(tmp_path: Path) -> None:
    wanted = settings(GATEHOUSE_DATABASE_URL="sqlite:///kept.db")
    made(tmp_path / "kept.db.bak", 0o644)
    exposure.refuse(wanted)
    assert list(exposure.open_files(exposure.files_beside(wanted)))
