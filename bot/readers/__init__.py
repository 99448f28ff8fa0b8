"""What a notification shows: each reader draws it from the state as it is when the message is sent."""
