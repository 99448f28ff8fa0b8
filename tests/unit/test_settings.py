"""Settings: environment, ``.env``, defaults, and one sentence for what is wrong (INTERFACE 2)."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import WrongSettings
from bot.settings import Settings, load

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults_are_those_of_the_interface() -> None:
    settings = load()
    assert settings.api_url == "https://slack.com/api/"
    assert settings.database_url == "sqlite:///gatehouse.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.self_service
    assert not settings.allow_self_approval
    assert settings.tick == timedelta(seconds=2)
    assert [settings.remind_after, settings.escalate_after, settings.expire_after] == [
        timedelta(hours=24),
        timedelta(hours=72),
        timedelta(days=14),
    ]
    assert settings.admins == ()


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GATEHOUSE_PORT=4000\nGATEHOUSE_HOST=0.0.0.0\nPATH=/elsewhere\n")
    monkeypatch.setenv("GATEHOUSE_PORT", "5000")
    settings = load()
    assert (settings.host, settings.port) == ("0.0.0.0", 5000)  # noqa: S104 - compared, not listened on


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_PORT", "")
    assert load().port == 3000


def test_lists_are_separated_by_commas_and_durations_have_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_ADMINS", " U0ADA, U0BOB ,")
    monkeypatch.setenv("GATEHOUSE_REMIND_AFTER", "90m")
    monkeypatch.setenv("GATEHOUSE_EXPIRE_AFTER", "0")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", f"{SECRET},{SECRET[::-1]}")
    settings = load()
    assert settings.admins == ("U0ADA", "U0BOB")
    assert settings.remind_after == timedelta(minutes=90)
    assert settings.expire_after == timedelta()
    assert settings.signing_secrets == (SECRET, SECRET[::-1])


def test_an_address_gets_its_last_slash() -> None:
    assert load(SLACK_API_URL="http://127.0.0.1:8080/api").api_url == "http://127.0.0.1:8080/api/"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-1"),
        ("SLACK_APP_TOKEN", "xoxb-1"),
        ("SLACK_SIGNING_SECRET", "0123"),
        ("SLACK_SIGNING_SECRET", ",".join([SECRET] * 3)),
        ("SLACK_API_URL", "slack.com"),
        ("GATEHOUSE_DATABASE_URL", "mysql://x"),
        ("GATEHOUSE_DATABASE_URL", "sqlite:///"),
        ("GATEHOUSE_DATABASE_URL", "sqlite:///:memory:"),
        ("GATEHOUSE_PORT", "70000"),
        ("GATEHOUSE_PORT", "http"),
        ("GATEHOUSE_ADMINS", "U0ADA,ada@example.com"),
        ("GATEHOUSE_SELF_SERVICE", "perhaps"),
        ("GATEHOUSE_TICK", "2"),
        ("GATEHOUSE_TICK", "10ms"),
        ("GATEHOUSE_EXPIRE_AFTER", "two weeks"),
        ("GATEHOUSE_LOG_FORMAT", "xml"),
        ("GATEHOUSE_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_name_and_example(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(WrongSettings) as caught:
        load()
    sentence = str(caught.value)
    assert sentence.startswith(f"{variable} ")
    assert "an example is" in sentence
    assert "\n" not in sentence
    assert "pydantic" not in sentence


@pytest.mark.parametrize("variable", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"])
def test_a_secret_is_not_repeated_in_the_sentence(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "hunter2-very-secret")
    with pytest.raises(WrongSettings) as caught:
        load()
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"GATEHOUSE_HOST=\xff\xfe")
    with pytest.raises(WrongSettings, match="not UTF-8"):
        load()


def test_exactly_one_way_to_slack_has_to_be_set() -> None:
    assert load(SLACK_SIGNING_SECRET=SECRET).mode == "http"
    assert load(SLACK_APP_TOKEN="xapp-1-A-2-b").mode == "socket"
    with pytest.raises(WrongSettings, match=r"Neither SLACK_SIGNING_SECRET .* nor SLACK_APP_TOKEN"):
        _ = load().mode
    with pytest.raises(WrongSettings, match=r"Both SLACK_SIGNING_SECRET .* and SLACK_APP_TOKEN"):
        _ = load(SLACK_SIGNING_SECRET=SECRET, SLACK_APP_TOKEN="xapp-1-A-2-b").mode


def test_serving_needs_a_token_and_with_postgresql_a_key() -> None:
    with pytest.raises(WrongSettings, match="SLACK_BOT_TOKEN is missing"):
        load(SLACK_SIGNING_SECRET=SECRET).for_serving()
    enough = {"SLACK_SIGNING_SECRET": SECRET, "SLACK_BOT_TOKEN": "xoxb-1"}
    load(**enough).for_serving()
    with pytest.raises(WrongSettings, match="GATEHOUSE_SECRET_KEY is missing"):
        load(**enough, GATEHOUSE_DATABASE_URL="postgresql://localhost/x").for_serving()
