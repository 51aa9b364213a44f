"""What a goal will come to if things go on as now: forecast, range and chance of attainment from one set of
paths.

Here: numbers in, numbers out; numpy and nothing else of ours. Not here: goals, KPIs, dates (goals/chances.py)
or what a chance means for a status (goals/status.py).

`scale` chooses where a series' noise is even, `bank` runs and weighs the candidates, `draws` gives random
numbers that are the same everywhere, `paths` draws futures, `counts` draws those of small counts, `outlook`
turns paths into a chance, ranges and targets.
"""
