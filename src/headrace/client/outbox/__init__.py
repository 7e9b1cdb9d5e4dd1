"""Logging through a journal on disk: calls append and return, a thread of the process sends, nothing is lost.

    fluent calls → sink → writer → files → sender → store
                         waiting → uploads → file_delivery → store's files

- `writer` appends records to files of one process and opening; each call is one write(2), so that a killed process
  loses nothing that a call returned for.
- `files` finds journals in a folder and reads what is whole in them.
- `sender` hands chunks of the journal to the store and drops what the store has taken.
- `waiting` keeps files of runs beside the journal; `uploads` sends them, by a thread of its own.
"""
