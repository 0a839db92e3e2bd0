"""Ledger of runs: who claimed which, who lives, and what became of each."""
