"""README.md of a Hugging Face dataset: what it is, what its columns mean, and whose assets it shows."""

from __future__ import annotations

import json

from pipeline.exporters.licences import licence_lines
from pipeline.exporters.source import Source
from pipeline.plurals import counted

CARD = "README.md"
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
COLUMNS = (
    ("image", "the picture"),
    ("frame, scene", "its number in the dataset, and the scene whose views share one arrangement of objects"),
    ("width, height", "pixels"),
    ("objects.id", "the object's number in the frame"),
    ("objects.bbox", "x, y, width, height of the visible pixels; pixel edges, origin top left"),
    ("objects.categories", "the class counted from 0, in the order below"),
    ("objects.category_id, objects.category", "the class as the scene file has it"),
    ("objects.area", "visible pixels"),
    ("objects.visibility", "visible share of the silhouette, 0 to 1"),
)


def dataset_card(source: Source, images: int, annotations: int) -> str:
    """Return the card. It names no licence for the pictures: that is for their maker to say."""
    header = source.header
    title = header["title"] or "Made with Variegate"
    size = next((name for below, name in SIZES if images < below), "1M<n<10M")
    names = [item["name"] for item in header["categories"]]
    lines = [
        "---",
        f"pretty_name: {json.dumps(title, ensure_ascii=False)}",
        "task_categories: [object-detection]",
        "tags: [synthetic, computer-vision]",
        f'size_categories: ["{size}"]',
        "---",
        "",
        f"# {title}",
        "",
        f"{counted(images, 'picture')} with {counted(annotations, 'object')}, rendered with Variegate "
        f"{header['versions']['variegate']} "
        f"(job {header['job_digest']}, seed {header['seed']}).",
        "",
        "| column | meaning |",
        "|---|---|",
        *(f"| {name} | {meaning} |" for name, meaning in COLUMNS),
        "",
        f"Classes: {', '.join(f'{index} {name}' for index, name in enumerate(names))}.",
        "",
        *licence_lines(header),
        "",
    ]
    return "\n".join(lines)
