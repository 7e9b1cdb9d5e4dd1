"""Chosen pictures of build/screenshots, small enough for a README: `python -m ui.screenshots.pictures`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
FROM, TO = ROOT / "build" / "screenshots", ROOT / "docs" / "pictures"
CHOSEN = {
    "runs": "runs-light",
    "charts": "charts-smoothed-dark",
    "compare": "compare-light",
    "version": "version-light",
}
COLOURS = 128
MOST_BYTES = 200_000
WIDTH, HEIGHT = 1440, 900


def main() -> int:
    TO.mkdir(parents=True, exist_ok=True)
    for name, taken in CHOSEN.items():
        picture = Image.open(FROM / f"{taken}.png").convert("RGB").crop((0, 0, WIDTH, HEIGHT))
        made = TO / f"{name}.png"
        few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(made, optimize=True)
        size = made.stat().st_size
        print(f"{made.relative_to(ROOT)}: {size / 1000:.0f} KB")
        if size > MOST_BYTES:
            print(f"{made.name} is larger than {MOST_BYTES / 1000:.0f} KB", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
