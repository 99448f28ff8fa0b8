"""The payloads Slack sends, key by key as in the recorded ones (https://docs.slack.dev/reference/interaction-payloads)."""

from __future__ import annotations

import secrets
from typing import Any

from bot.sandbox.fields import Pair, state_values
from bot.sandbox.records import Channel, Json, Member, Message
from bot.sandbox.views import View, view_state
from bot.sandbox.workspace import Workspace


class Payloads:
    """Writes the payloads for what a person does."""

    def __init__(self, workspace: Workspace, member: Member, seat: str) -> None:
        self._at, self._member, self._seat = workspace, member, seat

    def command(self, command: str, text: str, channel: Channel) -> dict[str, str]:
        """A slash command's form fields."""
        at = self._at
        team = at.teams[self._team_id]
        optional = {}
        if at.enterprise:
            optional = {"enterprise_id": at.enterprise["id"], "enterprise_name": at.enterprise["name"]}
        return {
            "token": at.verification_token,
            "team_id": team.id,
            "team_domain": team.domain,
            **optional,
            "channel_id": channel.id,
            "channel_name": "privategroup" if channel.kind == "private" else channel.name,
            "user_id": self._member.id,
            "user_name": self._member.name,
            "command": command,
            "text": text,
            "api_app_id": at.app_id,
            "is_enterprise_install": "true" if at.org_install else "false",
            "response_url": self._response_url("commands", channel.id, None),
            "trigger_id": at.triggers.issue(self._seat),
        }

    def shortcut(self, callback_id: str) -> Json:
        """A global shortcut."""
        user = {key: value for key, value in self._user().items() if key != "name"}
        return self._envelope("shortcut", user) | {"action_ts": self._action_ts(), "callback_id": callback_id}

    def message_shortcut(self, callback_id: str, message: Message) -> Json:
        """A shortcut on a message."""
        return self._envelope("message_action") | {
            "action_ts": self._action_ts(),
            "channel": self._channel(message.channel),
            "callback_id": callback_id,
            "message_ts": message.ts,
            "message": message.as_json(),
            "response_url": self._response_url("app", message.channel, message),
        }

    def action(self, element: Json, block_id: str, value: Json, where: View | Message, typed: dict[Pair, Any]) -> Json:
        """A click or choice. ``value`` is what the element adds to its action (``selected_option``, ``value``)."""
        shown = {key: element[key] for key in ("text", "value", "style", "confirm", "placeholder") if key in element}
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id}
        action |= shown | value | {"action_ts": self._action_ts()}
        return self._envelope("block_actions") | self._place(where, typed) | {"actions": [action]}

    def suggestion(self, element: Json, block_id: str, query: str, where: View | Message) -> Json:
        """What is typed into a menu with options from the bot."""
        body = self._envelope("block_suggestion") | self._place(where, {})
        for key in ("trigger_id", "response_url", "state"):
            body.pop(key, None)
        return body | {"action_id": element["action_id"], "block_id": block_id, "value": query}

    def submission(self, view: View) -> Json:
        """A press on the submit button."""
        return self._envelope("view_submission") | {"view": self.view(view), "response_urls": self._chosen_urls(view)}

    def closed(self, view: View, *, is_cleared: bool) -> Json:
        """A modal closed; inputs are not in it (https://docs.slack.dev/surfaces/modals)."""
        body = self._envelope("view_closed") | {
            "view": self.view(view) | {"state": {"values": {}}},
            "is_cleared": is_cleared,
            "response_urls": [],
        }
        del body["trigger_id"]
        return body

    def view(self, view: View) -> Json:
        """The view as payloads and answers show it."""
        return view_json(self._at, view, self._team_id)

    def event(self, event: Json) -> Json:
        """An event in its outer envelope."""
        at = self._at
        now = int(at.now())
        channel = at.channels.get(str(event.get("channel")))
        where = f"-{channel.id}" if channel else ""
        return {
            "token": at.verification_token,
            "team_id": self._team_id,
            "context_team_id": self._team_id,
            "context_enterprise_id": at.enterprise["id"] if at.enterprise else None,
            "api_app_id": at.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": "Ev" + secrets.token_hex(6).upper(),
            "event_time": now,
            "authorizations": [
                {
                    "enterprise_id": at.enterprise["id"] if at.enterprise else None,
                    "team_id": self._team_id,
                    "user_id": at.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": at.org_install,
                }
            ],
            "is_ext_shared_channel": channel.is_ext_shared if channel else False,
            "event_context": f"4-{event['type']}-{self._team_id}{where}",
        }

    @property
    def _team_id(self) -> str:
        own = self._at.teams[self._member.team_id]
        return own.id if own.installed else self._at.team_id

    def _user(self) -> Json:
        member = self._member
        return {"id": member.id, "username": member.name, "name": member.name, "team_id": member.team_id}

    def _envelope(self, kind: str, user: Json | None = None) -> Json:
        at = self._at
        team: Json | None = {"id": self._team_id, "domain": at.teams[self._team_id].domain}
        if team and at.enterprise:
            team |= {"enterprise_id": at.enterprise["id"], "enterprise_name": at.enterprise["name"]}
        return {
            "type": kind,
            "team": None if at.org_install else team,
            "user": user or self._user(),
            "api_app_id": at.app_id,
            "token": at.verification_token,
            "trigger_id": at.triggers.issue(self._seat),
            "enterprise": at.enterprise,
            "is_enterprise_install": at.org_install,
        }

    def _place(self, where: View | Message, typed: dict[Pair, Any]) -> Json:
        if isinstance(where, View):
            return {"container": {"type": "view", "view_id": where.id}, "view": self.view(where)}
        container: Json = {
            "type": "message",
            "message_ts": where.ts,
            "channel_id": where.channel,
            "is_ephemeral": where.is_ephemeral,
        }
        if where.thread_ts:
            container["thread_ts"] = where.thread_ts
        body: Json = {
            "container": container,
            "channel": self._channel(where.channel),
            "state": {"values": state_values(where.blocks, typed)},
            "response_url": self._response_url("actions", where.channel, where),
        }
        return body if where.is_ephemeral else body | {"message": where.as_json()}

    def _channel(self, channel_id: str) -> Json:
        channel = self._at.channels[channel_id]
        return {"id": channel.id, "name": "privategroup" if channel.kind == "private" else channel.name}

    def _action_ts(self) -> str:
        return f"{self._at.now():.6f}"

    def _response_url(self, kind: str, channel: str, message: Message | None) -> str:
        token = self._at.response_urls.issue(self._member.id, channel, message)
        return f"{self._at.base_url}/response/{kind}/{token}"

    def _chosen_urls(self, view: View) -> list[Json]:
        urls: list[Json] = []
        for block in view.blocks:
            element = block.get("element") or {}
            if not element.get("response_url_enabled"):
                continue
            state = view_state(view)["values"][block["block_id"]][element["action_id"]]
            chosen = state.get("selected_conversation") or state.get("selected_channel")
            if chosen:
                url = self._response_url("app", chosen, None)
                ids = {"block_id": block["block_id"], "action_id": element["action_id"]}
                urls.append(ids | {"channel_id": chosen, "response_url": url})
        return urls


def view_json(at: Workspace, view: View, team_id: str) -> Json:
    """A view as Slack shows it to the bot."""
    return {
        "id": view.id,
        "team_id": team_id,
        **view.body,
        "state": view_state(view),
        "hash": view.hash,
        "previous_view_id": view.previous_view_id,
        "root_view_id": view.root_view_id,
        "app_id": at.app_id,
        "app_installed_team_id": at.team_id,
        "bot_id": at.bot_id,
    }
