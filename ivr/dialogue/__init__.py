"""The dialogue: pure machines from events to commands, and the understanding under them."""
