"""Bringing in a human: the handoff machine, the order of the queue, and what the agent is told. Pure throughout."""
