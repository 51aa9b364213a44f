"""The domain: plain functions from frames to frames. Nothing here imports dagster."""

RULE_VERSION = "2"
"""Raised whenever a definition, threshold or rule changes a printed number; printed on every document."""
