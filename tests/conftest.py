"""What holds for every test. Generated cases vary from run to run, so that each run looks at more of them;
where a change is checked (CI=true) they are the same each time: the change passes or fails, not the dice."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("same")
