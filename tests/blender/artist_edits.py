"""What an artist does to scenes/tabletop_room.blend, one edit a run, in whatever Blender runs this file:

blender --background TEMPLATE.blend --python-exit-code 1 --python artist_edits.py -- EDIT OUT.blend
"""

import sys

import bpy


def moved_table():
    top = bpy.data.objects["Table top"]
    top.location.x += 0.25
    top.rotation_euler.z += 0.1


def new_curve():
    data = bpy.data.curves.new("Window line", "CURVE")
    data.dimensions = "3D"
    spline = data.splines.new("POLY")
    spline.points.add(1)
    spline.points[0].co, spline.points[1].co = (-0.9, 2.45, 0.95, 1), (0.9, 2.45, 0.95, 1)
    item = bpy.data.objects.new("Window line", data)
    item["vg.role"] = "spline"
    bpy.context.scene.collection.objects.link(item)


def repainted_density():
    top = bpy.data.objects["Table top"]
    group = top.vertex_groups["density"]
    for vertex in top.data.vertices:
        group.add([vertex.index], 1.0 if vertex.co.x > 0 else 0.0, "REPLACE")


def new_material():
    material = bpy.data.materials.new("Cherry")
    material.diffuse_color = (0.4, 0.1, 0.05, 1.0)
    bpy.data.objects["Sideboard"].data.materials[0] = material


def renamed_objects():
    bpy.data.objects["Sideboard"].name = "Buffet"
    bpy.data.objects["Rug"].data.name = "Carpet mesh"
    bpy.data.collections["Furniture"].name = "Things"


def appended_asset():
    mesh = bpy.data.meshes.new("Stool")
    mesh.from_pydata([(-2, 1, 0), (-1.7, 1, 0), (-1.7, 1.3, 0), (-2, 1.3, 0)], [], [(0, 1, 2, 3)])
    stool = bpy.data.objects.new("Stool", mesh)
    bpy.context.scene.collection.objects.link(stool)


def widened_range():
    bpy.data.objects["Chair head"]["vg.turn_deg"] = [-60.0, 60.0]


def only_saved():
    """Nothing but what opening and saving does."""


EDITS = {
    edit.__name__: edit
    for edit in (
        moved_table,
        new_curve,
        repainted_density,
        new_material,
        renamed_objects,
        appended_asset,
        widened_range,
        only_saved,
    )
}


def main():
    name, out = sys.argv[sys.argv.index("--") + 1 :]
    EDITS[name]()
    bpy.ops.wm.save_as_mainfile(filepath=out, compress=True)


if __name__ == "__main__":
    main()
