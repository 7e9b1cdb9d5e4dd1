"""When the waiting calls of a model go to it together. Knows neither clock nor loop: times are given, in seconds."""
