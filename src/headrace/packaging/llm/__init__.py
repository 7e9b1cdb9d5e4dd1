"""Chats, completions and embeddings in OpenAI's language, for any backend.

`request` and `options` parse and check what is asked, `engine` says what a backend must offer, `task` puts both
together as pyfunc objects, `stop` keeps stop words out of texts and streams, `signatures` has the schemas; `chat` and
`messages` are the records that user code builds. No framework is imported here.
"""
