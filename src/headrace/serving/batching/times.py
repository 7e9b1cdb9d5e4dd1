"""How long a batch takes by its size: a + b·size, learned from each one; what is old counts less and less."""

from __future__ import annotations

_KEPT = 0.97  # of a batch's weight when the next one comes: some 30 count
_OUTLIER = 4.0  # times what was expected: a pause of the machine says nothing about the model
_SURE_AFTER = 5  # batches, before which nothing is an outlier


class BatchTimes:
    """fixed_s, each_s: the a and b. Both are 0 before the first batch; with batches of one size only, all is fixed."""

    def __init__(self) -> None:
        self._weight = self._x = self._y = self._xx = self._xy = 0.0
        self._seen = 0
        self.fixed_s = self.each_s = 0.0

    def add(self, size: int, took_s: float) -> None:
        self._seen += 1
        if self._seen > _SURE_AFTER:
            took_s = min(took_s, _OUTLIER * max(self.of(size), 1e-6))
        self._weight = self._weight * _KEPT + 1
        self._x = self._x * _KEPT + size
        self._y = self._y * _KEPT + took_s
        self._xx = self._xx * _KEPT + size * size
        self._xy = self._xy * _KEPT + size * took_s
        mean_x, mean_y = self._x / self._weight, self._y / self._weight
        spread = self._xx / self._weight - mean_x * mean_x
        if spread < 1e-3:
            # One size says nothing about others: the share of each call is kept as far as the time allows.
            self.each_s = min(self.each_s, mean_y / mean_x)
        else:
            slope = (self._xy / self._weight - mean_x * mean_y) / spread
            self.each_s = min(max(slope, 0.0), mean_y / mean_x)
        self.fixed_s = mean_y - self.each_s * mean_x

    def of(self, size: int) -> float:
        return self.fixed_s + self.each_s * size

    def largest(self, within_s: float, most: int) -> int:
        """The largest batch that takes no longer, at least 1."""
        if self.of(most) <= within_s:
            return most
        if self.each_s <= 0:
            return 1
        return max(1, min(most, int((within_s - self.fixed_s) / self.each_s)))
