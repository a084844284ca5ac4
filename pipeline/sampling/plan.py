"""`plan_frame`: every random number of a frame, drawn once, as plain values."""

from __future__ import annotations

from dataclasses import replace

from pipeline.built.places import build_places
from pipeline.canonical import rounded
from pipeline.config.distributions import Integer
from pipeline.config.quality import resolve_render
from pipeline.config.schema import FLOWS, Config, Environment
from pipeline.conventions import FORMAT_VERSION
from pipeline.job import Job, labelled_targets, part_classes
from pipeline.records import (
    CameraPlan,
    Catalogue,
    ContextReport,
    FramePlan,
    LightPlan,
    Marks,
    NextPose,
    NextViewPlan,
    PhysicsPlan,
    RenderPlan,
    TemplateState,
    TemplateTargetPlan,
    WorldPlan,
)
from pipeline.sampling.camera import sample_camera
from pipeline.sampling.draw import draw, draw_count
from pipeline.sampling.globals import sample_globals
from pipeline.sampling.instances import instances_of, place_all
from pipeline.sampling.lights import sample_light, sample_world
from pipeline.sampling.rng import Scope, rng_for
from pipeline.sampling.scene_look import sample_image, sample_scene_look
from pipeline.sampling.sky import sample_sky_world, sun_lamp
from pipeline.sampling.structured.meshes import keep_out_of
from pipeline.sampling.structured.occupied import Occupied
from pipeline.sampling.structured.places import places_of, solids_with
from pipeline.sampling.structured.site import Placed, Site, moved_pose
from pipeline.sampling.surroundings import sample_surroundings
from pipeline.sampling.template_state import sample_template_state
from pipeline.sampling.varied_solids import varied_solids
from pipeline.structure import from_json, unstructure

NO_RIDE = "camera.ride: none of its marks is in this scene"


def plan_frame(job: Job, frame: int) -> FramePlan:
    """Return the plan of frame `frame` (0-based): a pure function of (job, seed, frame).

    Frame i is view i % k of scene i // k for `views_per_scene: k`. A scene that cannot be laid out gives a plan with
    `rejected` set, not an error. The plan equals what its JSON reads back to, so a replay is the same frame.
    """
    catalogue = job.catalogue
    scene_index, view = divmod(frame, job.config.views_per_scene)
    scene: Scope = ("scene", scene_index)
    config, scenario, values = sample_globals(job.config, scene)
    here: Scope = ("frame", frame)
    scopes = {
        part: here if part in config.reroll_per_view else scene for part in ("lights", "environment", "materials")
    }
    surroundings = sample_surroundings(config, catalogue, scene, scopes["materials"])
    built = build_places(surroundings)
    state = sample_template_state(config, catalogue, scene, scopes["materials"], scopes["lights"], view)
    solids = varied_solids(catalogue.marks.solids, catalogue.marks.varied, state)
    places = places_of(catalogue.marks, built)
    site = Site(
        config=config,
        catalogue=catalogue,
        places=places,
        scene=scene,
        looks=scopes["materials"],
        occupied=Occupied(solids_with(solids, built.blocks)),
        keep_out=keep_out_of(places.keep_out) if config.contexts else (),
        times_s=(view * config.view_interval_s, (view + 1) * config.view_interval_s),
    )
    camera = _sample_view(site, frame, site.times_s[0])
    placed, contexts, rejected = place_all(site, camera)
    if any(one.placed_as == "frustum" for one in placed):
        camera = replace(camera, candidates=camera.candidates[:1])  # what lies before it would not move with another
    world = _sample_world(config, catalogue, scopes["environment"])
    plan = FramePlan(
        format_version=FORMAT_VERSION,
        job_digest=job.digest,
        seed=config.seed,
        frame=frame,
        scene=scene_index,
        view=view,
        outputs=tuple(sorted({*config.outputs, "instance"})),
        rgb_format=config.formats.rgb,
        depth_format=config.formats.depth,
        categories={category.name: category.id for category in config.categories},
        scenario=scenario,
        globals=values,
        contexts=contexts,
        template="" if config.template is None else config.template.file,
        template_targets=_template_targets(config, job.catalogue.marks),
        template_state=_with_replaced(state, contexts),
        surroundings=surroundings,
        instances=instances_of(config, placed, part_classes(catalogue)),
        physics=_sample_physics(config, placed, scene),
        world=world,
        lights=_sample_lights(config, scopes["lights"], world),
        camera=camera,
        next_view=_sample_next_view(site, frame, placed),
        image=sample_image(config.image, config.seed, scene),
        render=_sample_render(config, here),
        min_targets=config.accept.min_targets,
        min_pixels=config.accept.min_pixels,
        rejected=rejected or ("" if camera.candidates else NO_RIDE),
    )
    return canonical_plan(sample_scene_look(config.materials, config.seed, scene).on_plan(plan))


def plan_or_none(job: Job, frame: int) -> FramePlan | None:
    """Return the plan of a frame, None where drawing it is what fails."""
    try:
        return plan_frame(job, frame)
    except Exception:
        return None


def _with_replaced(state: TemplateState, contexts: tuple[ContextReport, ...]) -> TemplateState:
    """Return the state with the objects hidden in whose place a context has put something."""
    replaced = {name for one in contexts for name in one.replaced}
    return replace(state, hidden=tuple(sorted(replaced.union(state.hidden))))


def canonical_plan(plan: FramePlan) -> FramePlan:
    """Return the plan as its JSON reads back: floats rounded, so that a last bit of libm never reaches a label."""
    return from_json(rounded(unstructure(plan)), FramePlan, "plan")


def _template_targets(config: Config, marks: Marks) -> tuple[TemplateTargetPlan, ...]:
    ids = {category.name: category.id for category in config.categories}
    return tuple(
        TemplateTargetPlan(objects=one.objects, collections=one.collections, category_id=ids[one.category])
        for one in labelled_targets(config, marks)
    )


def _sample_physics(config: Config, placed: tuple[Placed, ...], scene: Scope) -> PhysicsPlan:
    rng = rng_for(config.seed, scene, "physics")
    zones = dict.fromkeys(one.zone for one in placed if one.zone is not None)
    return PhysicsPlan(
        friction=draw(config.physics.friction, rng),
        restitution=draw(config.physics.restitution, rng),
        max_time_s=config.physics.max_time_s,
        zones=tuple(zones),
    )


def _sample_world(config: Config, catalogue: Catalogue, scope: Scope) -> WorldPlan | None:
    if config.environment is None and config.template is not None:
        return None
    environment = config.environment or Environment()
    if environment.sky is not None:
        return sample_sky_world(environment, environment.sky, catalogue.photos, config.seed, scope)
    return sample_world(environment, catalogue.hdris, catalogue.photos, rng_for(config.seed, scope, "environment"))


def _sample_lights(config: Config, scope: Scope, world: WorldPlan | None) -> tuple[LightPlan, ...]:
    """Return the lamps, a sky's sun last."""
    lights = []
    for number, group in enumerate(config.lights):
        count = draw_count(group.count, rng_for(config.seed, scope, f"lights/{number}/count"))
        lights += [sample_light(group, rng_for(config.seed, scope, f"lights/{number}/{i}")) for i in range(count)]
    sun = None if world is None else sun_lamp(world)
    return (*lights, sun) if sun is not None else tuple(lights)


def _sample_view(site: Site, frame: int, time_s: float) -> CameraPlan:
    config = site.config
    return sample_camera(config.camera, config.seed, ("frame", frame), site.scene, site.places, time_s)


def _sample_next_view(site: Site, frame: int, placed: tuple[Placed, ...]) -> NextViewPlan | None:
    """Return the view that flow leads to, with the very camera that its own frame draws and the poses that it has."""
    after = frame + 1
    if not FLOWS & set(site.config.outputs) or after % site.config.views_per_scene == 0:
        return None
    moved = tuple(
        NextPose(instance_id=number, pose=moved_pose(one.poses[0], one.moved.following))
        for number, one in enumerate(placed, start=1)
        if one.moved is not None
    )
    return NextViewPlan(frame=after, camera=_sample_view(site, after, site.times_s[1]), moved=moved)


def _sample_render(config: Config, scope: Scope) -> RenderPlan:
    rng = rng_for(config.seed, scope, "render")
    cycles_seed = draw_count(Integer(low=0, high=2**31 - 1), rng)
    exposure = draw(config.render.exposure_ev, rng)
    return resolve_render(config.render, exposure, cycles_seed, config.template is not None)
