from __future__ import annotations

import sys

from headrace.shim.program import main

sys.exit(main(sys.argv[1:]))
