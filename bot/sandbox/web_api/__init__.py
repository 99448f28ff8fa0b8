"""The Web API, one module for each family of methods. Reference: https://docs.slack.dev/reference/methods."""
