"""Commands of ``aiplane``, a module each."""
