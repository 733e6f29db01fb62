"""Anomalies become messages: what a channel was told of, what it is due, how it is said, how it gets there."""
