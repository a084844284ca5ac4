"""The body that Flamenco's Manager gets, checked by its API description, and the requests against a small server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jsonschema
import pytest
from farm_samples import awkward_submission

from pipeline.errors import FarmError
from pipeline.farm.engines.flamenco import FLAMENCO
from pipeline.farm.submission import Resources

TAG = "acce9983-e663-4210-b3cc-f7bfa629cb21"
JOB = "10000000-e663-4210-b3cc-f7bfa629cb21"

# SubmittedJob and JobStatusChange of Flamenco's OpenAPI description; a job's settings are flat.
FLAT = {"type": "object", "additionalProperties": {"type": ["string", "integer", "number", "boolean"]}}
SUBMITTED_JOB = {
    "type": "object",
    "required": ["name", "type", "priority", "submitter_platform"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "type": {"type": "string"},
        "type_etag": {"type": "string"},
        "priority": {"type": "integer"},
        "settings": FLAT,
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        "submitter_platform": {"enum": ["linux", "windows", "darwin", "manager"]},
        "storage": {"type": "object"},
        "worker_tag": {"type": "string", "format": "uuid"},
        "initial_status": {"enum": ["queued", "paused"]},
    },
}
STATUSES = (
    "active canceled completed construction-failed failed paused pause-requested queued cancel-requested requeueing"
)
STATUS_CHANGE = {
    "type": "object",
    "required": ["status", "reason"],
    "additionalProperties": False,
    "properties": {"status": {"enum": STATUSES.split()}, "reason": {"type": "string"}},
}


class Manager(BaseHTTPRequestHandler):
    """Answers as Flamenco's Manager does, as far as `submit`, `cancel` and `states` ask."""

    def do_GET(self):
        server = self.server
        known = [{"name": name, "label": name, "settings": [], "etag": "x"} for name in server.job_types]
        answers = {
            "/api/v3/jobs/types": {"job_types": known},
            f"/api/v3/jobs/{JOB}": {"id": JOB, "status": server.status},
            f"/api/v3/jobs/{JOB}/tasks": {"tasks": server.tasks},
        }
        self._answer(
            200 if self.path in answers else 404, answers.get(self.path, {"code": 404, "message": "no such job"})
        )

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        schema = SUBMITTED_JOB if self.path == "/api/v3/jobs" else STATUS_CHANGE
        try:
            jsonschema.validate(body, schema)
        except jsonschema.ValidationError as wrong:
            self._answer(400, {"code": 400, "message": wrong.message})
            return
        self.server.posted.append((self.path, body))
        if self.path == "/api/v3/jobs":
            self._answer(200, body | {"id": JOB, "status": "queued"})
        else:
            self._answer(204, None)

    def _answer(self, code, body):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def manager():
    with ThreadingHTTPServer(("127.0.0.1", 0), Manager) as server:
        server.job_types, server.status, server.tasks, server.posted = ["variegate-shards"], "active", [], []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()
        thread.join()


def sample(url="http://manager:8080", **changes):
    fields = {"engine_options": {"manager": url}}
    return awkward_submission("flamenco", **(fields | changes))


def written(folder, submission):
    for name, text in FLAMENCO.files(submission).items():
        (folder / name).write_text(text)
    return folder


def test_the_body_is_a_submitted_job():
    body = json.loads(FLAMENCO.files(sample(resources=Resources(partition=TAG)))["job.json"])
    jsonschema.validate(body, SUBMITTED_JOB)
    assert (body["type"], body["priority"], body["worker_tag"]) == ("variegate-shards", 50, TAG)
    settings = body["settings"]
    assert settings["shards"].split("\n") == ["0-5", "6-9,20", "30-32"]
    assert json.loads(settings["shard_command"]) == [
        *("python", "-m", "pipeline", "shard", "/home/me/out put/dice"),
        *("--submission", "farm/0001-flamenco", "--index", "SHARD_INDEX"),
    ]
    assert json.loads(settings["finalize_command"])[-1] == "--require-complete"


def test_paths_are_those_of_the_workers():
    settings = json.loads(FLAMENCO.files(sample(path_map=(("/home/me", "R:/me"),)))["job.json"])["settings"]
    assert settings["dataset"] == "R:/me/out put/dice"
    assert "R:/me/out put/dice" in json.loads(settings["shard_command"])


def test_a_job_is_posted_asked_for_and_canceled(manager, tmp_path):
    submission = sample(manager.url)
    FLAMENCO.check(submission)
    assert FLAMENCO.submit(submission, written(tmp_path, submission)) == (JOB,)
    statuses = ["completed", "active", "queued", "soft-failed", "failed", "canceled"]
    manager.tasks = [
        {"name": f"shard-{index} frames {index}", "status": status} for index, status in enumerate(statuses)
    ] + [{"name": "complete?", "status": "queued"}]
    assert FLAMENCO.states(submission, (JOB,)) == {1: "active", 2: "queued", 3: "soft-failed"}
    assert FLAMENCO.cancel(submission, (JOB,)) == (JOB,)
    (where, body), (there, change) = manager.posted
    assert where == "/api/v3/jobs" and body == json.loads((tmp_path / "job.json").read_text())
    assert there == f"/api/v3/jobs/{JOB}/setstatus" and change["status"] == "cancel-requested"


def test_what_has_ended_is_not_canceled(manager):
    manager.status = "completed"
    assert FLAMENCO.cancel(sample(manager.url), (JOB,)) == ()
    assert manager.posted == []


def test_a_manager_without_the_job_type_is_told_where_to_put_it(manager, tmp_path):
    manager.job_types = ["simple-blender-render"]
    submission = sample(manager.url)
    with pytest.raises(FarmError, match=r"does not know the job type variegate-shards \(copy .*variegate-shards.js"):
        FLAMENCO.submit(submission, written(tmp_path, submission))


def test_a_refusal_is_told_in_the_managers_words(manager, tmp_path):
    submission = sample(manager.url)
    folder = written(tmp_path, submission)
    (folder / "job.json").write_text("{}")
    with pytest.raises(FarmError, match="the Manager answers 400: .*required property"):
        FLAMENCO.submit(submission, folder)


def test_a_manager_that_is_not_there_is_told(tmp_path):
    submission = sample("http://127.0.0.1:9")
    with pytest.raises(FarmError, match="no Manager answers"):
        FLAMENCO.submit(submission, written(tmp_path, submission))


def test_a_dry_run_shows_the_request(tmp_path):
    assert FLAMENCO.commands(sample(), tmp_path) == (
        f"curl --json @{tmp_path}/job.json http://manager:8080/api/v3/jobs",
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"engine_options": {}}, "manager=http://HOST:8080"),
        ({"engine_options": {"manager": "render01"}}, "manager=http://HOST:8080"),
        ({"engine_options": {"manager": "http://m:8080", "prioriti": "1"}}, "did you mean 'priority'"),
        ({"engine_options": {"manager": "http://m:8080", "priority": "high"}}, "priority=high is not 0 to 100"),
        ({"resources": Resources(partition="gpus")}, "goes by its id, a UUID"),
        ({"resources": Resources(gres="gpu:1")}, "--gres gpu:1: flamenco has no word for it"),
        ({"resources": Resources(time_min=5)}, "task_timeout"),
        ({"max_running": 3}, "--max-running 3: flamenco has no word for it"),
    ],
)
def test_what_a_job_cannot_say_is_refused(changes, said):
    with pytest.raises(FarmError) as refused:
        FLAMENCO.check(sample(**changes))
    assert said in str(refused.value)
