"""One framework a file: how its models are saved and loaded. Each module has a FLAVOR, named by an entry point."""
