"""What is kept: calls, lines, the queue, agents, and the feed that the console tails (SQLAlchemy; nothing else imports it here)."""
