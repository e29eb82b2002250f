"""The web: the agent's desk, the supervisor's page, the HTTP API and the figures. It talks to the database alone."""
