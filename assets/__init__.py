"""The Dagster code location and the command line: thin wiring around pipeline. Kept empty so that the
command line starts without importing dagster."""
