"""Coverage-guided fuzzing of everything that takes strangers' bytes: `python -m tests.fuzz`."""
