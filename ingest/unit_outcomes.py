"""How a unit ended, in the words that products use for it."""

OUTCOMES = {"succeeded": "success", "resolved": "success", "failed": "failure", "error": "failure"}
"""What is said there → `success` or `failure`."""
