"""What clients see of served models: routes, limits, keys, errors, metrics, and pages to read and try. Bodies go
through as they are."""
