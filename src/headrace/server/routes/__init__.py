"""One file per resource; each ties its handlers to rows of the endpoint table in a `routes`."""
