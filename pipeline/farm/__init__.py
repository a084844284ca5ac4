"""Many processes, one dataset: shards of frames, the workers of one machine, and the queues of many.

No scheduler of our own: an engine gets files and is driven by its own programs. A shard is one command line that may be
run again at any time, anywhere; truth is the frames on disk, never an engine's opinion.
"""
