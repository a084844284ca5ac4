"""The proof of a finished dataset: every frame there, sound, and labelled with what its pixels show.

A check is a function that yields findings; none of them trusts what another file says of the same thing.
"""
