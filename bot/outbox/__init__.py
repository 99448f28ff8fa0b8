"""From rows to messages: claim, carry, mark."""
