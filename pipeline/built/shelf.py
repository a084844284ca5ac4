"""A rack of shelves: boards, uprights, a back, and rails for prices along the front edges."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.built.shapes import Block, Built, block_between, part_of_blocks, polygon_surface
from pipeline.records import MarkedSpline, MarkedSurface, ShelfPlan

UPRIGHT_M = 0.03
BACK_M = 0.008
RAIL_M, RAIL_HEIGHT_M = 0.006, 0.035


def build_shelf(plan: ShelfPlan) -> Built:
    """Return a rack on z = 0 with a surface a board and, a bay, a spline along its front edge."""
    frame, boards, rails = list(_frame(plan)), list(_boards(plan)), list(_rails(plan))
    return Built(
        parts=(
            part_of_blocks("shelf frame", frame, plan.materials["frame"]),
            part_of_blocks("shelf boards", boards, plan.materials["boards"]),
            part_of_blocks("shelf rails", rails, plan.materials["rails"]),
        ),
        blocks=(*frame, *boards, *rails),
        surfaces=tuple(_surfaces(plan)),
        splines=tuple(_splines(plan)),
    )


def _bays(plan: ShelfPlan) -> Iterator[tuple[float, float]]:
    """Yield the left and right end of each bay, between uprights."""
    step = plan.width_m + UPRIGHT_M
    begin = -(plan.bays * step + UPRIGHT_M) / 2 + UPRIGHT_M
    for i in range(plan.bays):
        yield begin + i * step, begin + i * step + plan.width_m


def _frame(plan: ShelfPlan) -> Iterator[Block]:
    front, behind = -plan.depth_m / 2, plan.depth_m / 2
    bays = list(_bays(plan))
    for x in (bays[0][0] - UPRIGHT_M, *(right for _, right in bays)):
        yield block_between((x, front, 0.0), (x + UPRIGHT_M, behind, plan.top_m))
    if plan.has_back:
        left, right = bays[0][0] - UPRIGHT_M, bays[-1][1] + UPRIGHT_M
        yield block_between((left, behind, 0.0), (right, behind + BACK_M, plan.top_m))
    foot = plan.heights_m[0] - plan.board_m
    for left, right in bays if foot > 0 else ():
        yield block_between((left, front + 0.02, 0.0), (right, front + 0.02 + BACK_M, foot))


def _boards(plan: ShelfPlan) -> Iterator[Block]:
    for top in plan.heights_m:
        for left, right in _bays(plan):
            yield block_between((left, -plan.depth_m / 2, top - plan.board_m), (right, plan.depth_m / 2, top))


def _rails(plan: ShelfPlan) -> Iterator[Block]:
    front = -plan.depth_m / 2
    for top in plan.heights_m:
        for left, right in _bays(plan):
            low = max(0.0, top - max(RAIL_HEIGHT_M, plan.board_m))
            yield block_between((left, front - RAIL_M, low), (right, front, top))


def _splines(plan: ShelfPlan) -> Iterator[MarkedSpline]:
    for i, top in enumerate(plan.heights_m):
        for bay, (left, right) in enumerate(_bays(plan)):
            points = ((left, -plan.depth_m / 2, top), (right, -plan.depth_m / 2, top))
            yield MarkedSpline(name=f"shelf.board.{i}", object_name=f"shelf.board.{i}.{bay}", points_m=points)


def _surfaces(plan: ShelfPlan) -> Iterator[MarkedSurface]:
    y = plan.depth_m / 2
    for i, top in enumerate(plan.heights_m):
        for bay, (left, right) in enumerate(_bays(plan)):
            outline = ((left, -y, top), (right, -y, top), (right, y, top), (left, y, top))
            yield polygon_surface(f"shelf.board.{i}", f"shelf.board.{i}.{bay}", outline)
