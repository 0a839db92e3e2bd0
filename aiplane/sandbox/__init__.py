"""Sandbox: helper programs that read hostile input, confined, in processes of their own."""
