// Bolt for JavaScript as its documentation starts it: 29 listeners, no work, HTTPReceiver. Arguments: port, API address, secret.
const { App, LogLevel } = require("@slack/bolt");

const [port, slackApiUrl, signingSecret] = process.argv.slice(2);
const app = new App({ token: "xoxb-bench", signingSecret, logLevel: LogLevel.ERROR, clientOptions: { slackApiUrl } });
const numbered = (prefix, count) => Array.from({ length: count }, (_, number) => `${prefix}${number}`);
const acknowledge = async ({ ack }) => ack();

numbered("/bench-", 5).forEach((name) => app.command(name, acknowledge));
numbered("shortcut.", 2).forEach((name) => app.shortcut(name, acknowledge));
numbered("action.", 12).forEach((name) => app.action(name, acknowledge));
numbered("submission.", 4).forEach((name) => app.view(name, acknowledge));
numbered("closed.", 3).forEach((name) => app.view({ callback_id: name, type: "view_closed" }, acknowledge));
numbered("options.", 2).forEach((name) => app.options(name, async ({ ack }) => ack({ options: [] })));
app.event("app_home_opened", async () => {});

app.start(Number(port));
