"""What answers Slack: one module a noun, each with ``register``; ``registry.py`` lists them."""
