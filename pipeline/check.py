"""What a scene would make, in words: assets, light, materials, pictures and the room they take on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args

from pipeline.config.category_keypoints import category_keypoints
from pipeline.config.contexts_section import Context, names_of, own_count
from pipeline.config.distributions import Number, bounds
from pipeline.config.globals_section import all_ranges, widened
from pipeline.config.materials_lists import ROAD_PARTS
from pipeline.config.quality import QUALITIES
from pipeline.config.schema import AssetGroup, Config, MaterialOption, OutputName, Surroundings
from pipeline.job import Job, assets_of, part_classes
from pipeline.plurals import counted
from pipeline.records import Asset, Catalogue, Marks, Solids
from pipeline.sampling.tally import TRIAL_SCENES, context_rows, tally_of

Row = tuple[str, str]
Contexts = Mapping[str, Context]
OUTPUTS: tuple[str, ...] = get_args(OutputName)

# Bytes a pixel, measured on the shipped scenes at 320x240, standard quality; clutter and noise move rgb by a fifth.
BYTES_PER_PIXEL = {
    "rgb png": 1.4,
    "rgb jpeg": 0.23,
    "rgb exr": 3.6,
    "depth exr": 2.6,
    "depth png": 0.12,
    "distance": 2.6,
    "linear": 11.7,
    "albedo": 2.0,
    "normal": 1.6,
    "normal_world": 1.6,
    "object_coordinates": 1.2,
    "nocs": 1.2,
    "flow": 7.4,
}
SMALL_PER_PIXEL = 0.02  # ids and masks
BYTES_PER_INSTANCE = 1_800  # in plan.json and labels.json
MOST_NAMES = 20  # of parts in a row
BYTES_PER_FRAME = 16_000  # the rest of plan.json, and frame.json


def describe_job(job: Job) -> Iterator[Row]:
    """Yield (heading, text) rows that say what the job would render."""
    catalogue = job.catalogue
    config = widened(job.config, all_ranges(job.config.globals, job.config.scenarios))
    yield "title", config.title or "none"
    yield from _describe_targets(config, catalogue)
    yield "distractors", _describe_groups(config.distractors, catalogue.distractors, config.contexts)
    see_through = sum(asset.has_alpha for asset in assets_of(catalogue))
    if see_through:
        yield "see-through", f"{see_through} assets; their frames take one more sample for exact ids"
    yield from _describe_names(config, catalogue)
    yield from _describe_environment(config, catalogue)
    if catalogue.photos:
        yield "photos", str(len(catalogue.photos))
    yield from _describe_materials(config, catalogue)
    yield from _describe_scene_look(config)
    yield "lights", _lamps(config)
    if config.surroundings is not None and config.surroundings.ceiling is not None:
        yield "ceiling", "shines"
    yield "template", config.template.file if config.template else "none"
    yield from _describe_marks(catalogue.marks)
    if config.contexts:
        tally = tally_of(job, TRIAL_SCENES)
        yield from context_rows(job, tally)
        yield from (("warning", text) for text in tally.failures())
        if bounds(config.structure) != (1.0, 1.0):
            low, high = bounds(config.structure)
            yield "structure", f"{low:g}" if low == high else f"{low:g} to {high:g}"
    yield "outputs", ", ".join(_show_output(config, name) for name in OUTPUTS if name in (*config.outputs, "instance"))
    yield "render", _describe_render(config)
    yield "frames", _describe_frames(config)
    yield "disk", _describe_disk(config)
    yield "job", f"{job.digest[:12]}, seed {config.seed}"


def bytes_per_frame(config: Config) -> int:
    """Return the estimated size of one frame's folder."""
    config = widened(config, all_ranges(config.globals, config.scenarios))
    width, height = config.camera.resolution
    names = {*config.outputs, "instance"}
    pixels = sum(BYTES_PER_PIXEL.get(f"{name} {_format(config, name)}".strip(), SMALL_PER_PIXEL) for name in names)
    groups = (*config.targets, *config.distractors)
    instances = sum(sum(bounds(own_count(group, config.contexts.values()))) / 2 for group in groups)
    return round(pixels * width * height + instances * BYTES_PER_INSTANCE + BYTES_PER_FRAME)


def show_bytes(count: float) -> str:
    """Return a size as people read it: "740 kB", "1.3 GB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _describe_targets(config: Config, catalogue: Catalogue) -> Iterator[Row]:
    """One row a category: how many assets may carry it, and how many of them a frame holds."""
    for category in config.categories:
        counts = [
            _describe_group(group, assets, config.contexts)
            for group, assets in zip(config.targets, catalogue.targets, strict=True)
            if category.name == group.category or category.name in (group.category_by_up_axis or {}).values()
        ]
        held = [one.instances for one in catalogue.template_objects if one.category == category.name]
        if held:
            counts.append(f"{counted(len(held), 'object')} of the template ({sum(held)} a frame)")
        yield f"category {category.id}", f"{category.name}: " + (" + ".join(counts) or "no target has it")


def _describe_names(config: Config, catalogue: Catalogue) -> Iterator[Row]:
    """The keypoints of each category, and what part.png tells apart."""
    for category, points in category_keypoints((*config.targets, *config.distractors)).items():
        text = f"{category}: {', '.join(points.keypoints)}"
        yield "keypoints", text if "keypoints" in config.outputs else f"{text} (outputs leaves them out)"
    if "part" in config.outputs:
        yield "parts", _shortened(list(part_classes(catalogue))) or "none: no target has named materials"


def _shortened(names: list[str]) -> str:
    left = len(names) - MOST_NAMES
    return ", ".join(names) if left <= 0 else f"{', '.join(names[:MOST_NAMES])} and {left} more"


def _describe_groups(groups: tuple[AssetGroup, ...], found: tuple[tuple[Asset, ...], ...], contexts: Contexts) -> str:
    return " + ".join(_describe_group(*pair, contexts) for pair in zip(groups, found, strict=True)) or "none"


def _describe_group(group: AssetGroup, assets: tuple[Asset, ...], contexts: Contexts) -> str:
    kind = "shape" if group.shapes else "asset"
    low, high = (round(value) for value in bounds(own_count(group, contexts.values())))
    names = sorted(name for name, one in contexts.items() if names_of(group).intersection(one.allowed))
    counts = [f"{low}" if low == high else f"{low} to {high}"] if high or not names else []
    return f"{counted(len(assets), kind)} ({' and '.join([*counts, *names])} a frame)"


def _describe_materials(config: Config, catalogue: Catalogue) -> Iterator[Row]:
    for name, is_used in _surfaces(config).items():
        if not is_used:
            continue
        options: tuple[MaterialOption, ...] = getattr(config.materials, name)
        parts: Counter[str] = Counter()
        for i, option in enumerate(options):
            if option.textures is not None:
                parts["texture set"] += len(catalogue.textures.get(f"materials.{name}[{i}].textures", ()))
            elif option.procedural is not None:
                pattern = option.procedural.pattern
                parts["pattern"] += 1 if hasattr(pattern, "value") else len(pattern.values)
            else:
                parts["plain material"] += 1
        yield f"materials of {name}", ", ".join(counted(count, part) for part, count in parts.items())


def _describe_environment(config: Config, catalogue: Catalogue) -> Iterator[Row]:
    sky = None if config.environment is None else config.environment.sky
    if sky is None:
        yield "HDRIs", str(len(catalogue.hdris)) if catalogue.hdris else "none"
    else:
        yield "sky", f"{_span(sky.time_h)} h, latitude {_span(sky.latitude_deg)}, clouds {_span(sky.cloudiness)}"


def _describe_scene_look(config: Config) -> Iterator[Row]:
    """What is drawn once a scene, where it is not neutral."""
    look = {"wetness": config.materials.wetness, "palette": config.materials.palette.strength}
    image = {"saturation": config.image.saturation, "contrast": config.image.contrast}
    for heading, numbers, neutral in (("scene look", look, 0.0), ("picture", image, 1.0)):
        changed = [f"{name} {_span(number)}" for name, number in numbers.items() if bounds(number) != (neutral,) * 2]
        if changed:
            yield heading, ", ".join(changed)


def _span(number: Number) -> str:
    low, high = bounds(number)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _surfaces(config: Config) -> dict[str, bool]:
    """Return which of the lists of materials any frame draws from."""
    built = config.surroundings or (Surroundings(floor=None) if config.template else Surroundings())
    return {
        "floor": built.floor is not None,
        "surroundings": not built.one_material and (built.walls is not None or built.tray is not None),
        **dict.fromkeys(ROAD_PARTS, built.road is not None),
        "shelf": built.shelf is not None,
        "bin": built.bin is not None,
        "distractors": any(_replaces(group) for group in config.distractors),
        "targets": any(_replaces(group) for group in config.targets),
    }


def _replaces(group: AssetGroup) -> bool:
    return group.materials == "replace" or (group.materials is None and bool(group.shapes))


def _describe_marks(marks: Marks) -> Iterator[Row]:
    """What is marked in the template, kind by kind, by the names of the marks."""
    kinds: dict[str, list[str]] = {
        "surfaces": [one.name for one in marks.surfaces],
        "splines": [one.name for one in marks.splines],
        "volumes": [one.name for one in marks.volumes],
        "anchors": [one.name for one in marks.anchors],
        "slots": [one.name for one in marks.slots],
        "cameras": [one.name for one in marks.cameras],
        "lamps": [one.name for one in marks.lamps],
        "varied": [one.name for one in marks.varied],
        "marked targets": [one.name for one in marks.targets],
        "kept out": [one.name for one in marks.keep_out],
        "colliders": list(marks.colliders),
    }
    for kind, names in kinds.items():
        if names:
            yield kind, f"{_shortened(list(dict.fromkeys(names)))} ({len(names)})"
    if marks.solids.names:
        yield "solids", _describe_solids(marks.solids)


def _describe_solids(solids: Solids) -> str:
    text = f"{counted(len(solids.names), 'object')} near marks as {len(solids.owners)} boxes"
    if solids.coarse:
        text += f"; coarse, for they have too many parts: {_shortened(list(solids.coarse))}"
    return f"{text}; {solids.left_out} smaller boxes left out" if solids.left_out else text


def _lamps(config: Config) -> str:
    low = sum(round(bounds(group.count)[0]) for group in config.lights)
    high = sum(round(bounds(group.count)[1]) for group in config.lights)
    return "none" if high == 0 else str(low) if low == high else f"{low} to {high}"


def _format(config: Config, output: str) -> str:
    return {"rgb": config.formats.rgb, "depth": config.formats.depth}.get(output, "")


def _show_output(config: Config, output: str) -> str:
    form = _format(config, output)
    return f"{output} ({form})" if form else output


def _describe_render(config: Config) -> str:
    render = config.render
    samples = render.samples_per_pixel or QUALITIES[render.quality].samples_per_pixel
    return f"{render.engine}, {render.quality}, {samples} samples a pixel, denoiser {render.denoiser}"


def _describe_frames(config: Config) -> str:
    width, height = config.camera.resolution
    views = config.views_per_scene
    scenes = f" ({views} views of each scene)" if views > 1 else ""
    return f"{config.frames} of {width} x {height} pixels{scenes}"


def _describe_disk(config: Config) -> str:
    each = bytes_per_frame(config)
    return f"about {show_bytes(each)} a frame, {show_bytes(each * config.frames)} in all"
