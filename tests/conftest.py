from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.support.environment", "tests.support.postgres"]

# No deadline: a shared two-core machine has pauses that say nothing about the code.
settings.register_profile("headrace", deadline=None, print_blob=True)
settings.load_profile("headrace")
