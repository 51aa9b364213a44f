"""Fetching exports from the interfaces of the systems: one module a system, none of which talks to a
network."""
