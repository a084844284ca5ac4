"""What is changed by way of a journal comes back to the last bit. Blender 4.5 and 5.2."""

from __future__ import annotations

import bpy
import pytest
from mathutils import Matrix

from pipeline.scene.session import clean, open_session
from pipeline.scene.template.journal import Journal


def an_object(name: str = "Thing") -> bpy.types.Object:
    item = bpy.data.objects.new(name, bpy.data.meshes.new(name))
    bpy.context.scene.collection.objects.link(item)
    return item


def test_what_a_setter_moves_besides_comes_back_too():
    item = an_object()
    item.rotation_euler, item.rotation_quaternion = (0.1, 0.2, 0.3), (1, 2, 3, 4)
    before = (item.rotation_mode, tuple(item.rotation_euler), tuple(item.rotation_quaternion), tuple(item.location))
    journal = Journal()
    journal.set(item, "rotation_mode", "QUATERNION")
    journal.set(item, "rotation_quaternion", (0.0, 1.0, 0.0, 0.0))
    journal.set(item, "matrix_world", Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.3, 4, "X"))
    journal.restore()
    assert before == (
        item.rotation_mode,
        tuple(item.rotation_euler),
        tuple(item.rotation_quaternion),
        tuple(item.location),
    )


def test_the_first_value_counts_however_often_it_is_changed():
    item, journal = an_object(), Journal()
    for index in (3, 4, 5):
        journal.set(item, "pass_index", index)
    journal.set(item, "location", (1, 2, 3))
    journal.set(item, "pass_index", 6)
    journal.restore()
    assert item.pass_index == 0 and tuple(item.location) == (0, 0, 0)
    item.pass_index = 9
    journal.restore()
    assert item.pass_index == 9


def test_slots_sockets_and_lamps_are_owners_like_any():
    item, journal = an_object(), Journal()
    own, other = bpy.data.materials.new("own"), bpy.data.materials.new("other")
    item.data.materials.append(own)
    journal.set(item.material_slots[0], "link", "OBJECT")
    journal.set(item.material_slots[0], "material", other)
    lamp = bpy.data.lights.new("Lamp", "POINT")
    journal.set(lamp, "energy", 77.0)
    assert item.material_slots[0].material == other
    journal.restore()
    assert item.material_slots[0].link == "DATA" and item.material_slots[0].material == own
    assert item.data.materials[0] == own and lamp.energy == 10.0


def test_other_things_are_undone_in_their_turn():
    item, journal = an_object(), Journal()
    seen = []
    journal.set(item, "pass_index", 1)
    journal.undo(lambda note: seen.append((note, item.pass_index)), "between")
    journal.set(item, "hide_render", True)
    journal.restore()
    assert seen == [("between", 1)] and item.pass_index == 0


@pytest.mark.parametrize(("name", "remedy"), [("active_material", "a slot"), ("pixels", "another image")])
def test_what_is_stored_elsewhere_is_refused(name, remedy):
    with pytest.raises(ValueError, match=remedy):
        Journal().set(an_object(), name, None)


def test_a_format_of_pictures_comes_back_with_all_that_depends_on_it(tmp_path):
    settings = bpy.context.scene.render.image_settings
    settings.file_format, settings.color_mode, settings.quality = "JPEG", "BW", 41
    bpy.context.scene.view_settings.view_transform = "Standard"
    bpy.context.scene.view_settings.look = "Medium High Contrast"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "room.blend"))
    session = open_session(tmp_path / "room.blend")
    settings = session.scene.render.image_settings
    if bpy.app.version >= (5, 0):
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format, settings.color_depth = "OPEN_EXR_MULTILAYER", "32"
    session.scene.view_settings.view_transform = "AgX"
    clean(session, [])
    assert (settings.file_format, settings.color_mode) == ("JPEG", "BW")
    assert (settings.quality, settings.color_depth) == (41, "8")
    view = session.scene.view_settings
    assert (view.view_transform, view.look) == ("Standard", "Medium High Contrast")
