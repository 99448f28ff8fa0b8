"""A strict little Slack on this machine: the wire, the limits and the people, and nothing of any one bot."""
