"""The page at `/ui/`: what the server holds in memory, as HTML for people; requests go in, documents come out."""
