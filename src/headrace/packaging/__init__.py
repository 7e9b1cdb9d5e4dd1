"""Models as folders: format, schemas, environments, integrity. Knows files and no store."""
