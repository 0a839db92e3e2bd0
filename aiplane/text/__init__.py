"""Text, told apart without understanding it: words, languages, lengths."""
