"""How a dataset stands: read from its folders and the logs of all processes that worked on it, by any process at any
time. Nothing here is needed to make frames, and nothing but the standard library is needed here."""
