"""Whose assets the pictures of an export may show."""

from __future__ import annotations

from typing import Any


def assets_by_licence(header: dict[str, Any]) -> dict[str, list[str]]:
    """Return the assets of dataset.json by licence, both sorted.

    What licence the pictures have is for their maker to say; this is what they are made of.
    """
    found: dict[str, list[str]] = {}
    for asset in header["assets"]:
        found.setdefault(asset["licence"], []).append(asset["asset_id"])
    return {licence: sorted(found[licence]) for licence in sorted(found)}


def licence_lines(header: dict[str, Any]) -> list[str]:
    """Return a Markdown section that names every asset under its licence."""
    lines = ["## Licences of the assets shown", ""]
    for licence, assets in assets_by_licence(header).items():
        lines.append(f"- {licence}: {', '.join(assets)}")
    return lines if len(lines) > 2 else [*lines, "No assets."]
