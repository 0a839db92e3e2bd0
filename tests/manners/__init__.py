"""Model servers as they are: how each answers, what it cannot do, and how it refuses."""
