"""The filter and order language: lexer, parser, ast, order, and `evaluate`, its meaning in plain Python.

    filter = parse_filter("metrics.loss < 0.1 AND params.model = 'cnn'", RUNS)
    order = parse_order(["metrics.loss ASC"], RUNS)

One grammar, one table per resource (`dialects`). Whatever is wrong raises InvalidValue naming the piece, its position
and what is allowed. SQL and `evaluate` share the ast, the fold of ILIKE and the order's tie-breaks.

Text compares by code point. ILIKE folds `A`–`Z` only: it is the one fold that SQLite and PostgreSQL both do the same
without an extension (`lower(x)` there, `lower(x COLLATE "C")` here).
"""
