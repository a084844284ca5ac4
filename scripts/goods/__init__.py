"""What scripts/make_goods.py builds: solids, prints and materials, and one module per family of goods.

Lengths are metres. Forward (the front with the label) is +x, left +y, up +z.
"""
