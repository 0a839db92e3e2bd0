"""Context of the running code: whose job it works on, and until when."""
