"""The inspector shows what went over the wire, and nothing that opens a door."""

import pytest

from bot.sandbox.page.masking import HIDDEN, masked, readable


@pytest.mark.parametrize(
    "secret",
    ["xoxb-123456789-abcdef", "xapp-1-A0-123-abcdef", "xoxp-1-2-3-4"],
)
def test_tokens_are_hidden_wherever_they_stand(secret: str) -> None:
    for where in ({"token": secret}, {"text": f"it is {secret}, keep it"}, [secret], f'{{"token": "{secret}"}}'):
        assert secret not in str(masked(where))


def test_secrets_are_hidden_by_the_name_of_their_key() -> None:
    shown = masked({"signing_secret": "abc", "X-Slack-Signature": "v0=00", "api_key": "k", "name": "kept", "token": ""})
    assert shown == {
        "signing_secret": HIDDEN, "X-Slack-Signature": HIDDEN, "api_key": HIDDEN, "name": "kept", "token": "",
    }  # fmt: skip


def test_what_must_never_be_shown_is_hidden_in_any_text() -> None:
    assert masked("the secret is 8f2, yes", ("8f2",)) == f"the secret is {HIDDEN}, yes"


def test_the_token_in_a_response_url_is_hidden() -> None:
    assert "T0PSECRET" not in readable({"response_url": "http://127.0.0.1/response/commands/T0PSECRET"})


def test_json_inside_a_form_field_is_unpacked() -> None:
    assert '"type": "modal"' in readable("token=xoxb-1-2&view=%7B%22type%22%3A%22modal%22%7D")


def test_an_empty_answer_says_so() -> None:
    assert readable(None) == readable("") == "(empty)"
