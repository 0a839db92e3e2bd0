"""HTTP to providers: clients, their network, and what the environment says of both."""
