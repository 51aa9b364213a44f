"""Measurements against stated bars, as medians and ratios of one run. Not tests: machines differ."""
