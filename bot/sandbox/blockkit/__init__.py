"""Block Kit as Slack's API checks it: limits, surfaces and the rules that hold across blocks."""
