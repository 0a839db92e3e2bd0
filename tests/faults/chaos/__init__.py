"""The random mix: jobs flow, and everything that can be killed is killed, again and again."""
