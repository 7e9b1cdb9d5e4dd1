"""What the peers serve, as their own documentation has it. Each file runs in an environment that doesn't know us."""
