// Compiles a job type as Flamenco's Manager does: `node flamenco_manager.js JOB_TYPE.js < job.json`.
//
// The script sees JavaScript itself and what the Manager puts beside it, nothing of node. Calls take and refuse what the
// Manager's take and refuse. Prints {"jobType": ..., "tasks": [...]}, dependencies by the names of tasks.

"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

class Task {
    constructor(name, type) {
        Object.assign(this, { name: name.trim(), type: type.trim(), priority: 50, commands: [], dependencies: [] });
        if (!this.name) throw new Error("author.Task(name, type): name is required");
        if (!this.type) throw new Error("author.Task(name, type): type is required");
    }
    addCommand(command) {
        if (!(command instanceof Command)) throw new TypeError("not a command");
        this.commands.push({ ...command });
    }
    addDependency(task) {
        if (!(task instanceof Task)) throw new TypeError("not a task");
        this.dependencies.push(task);
    }
}

class Command {
    constructor(name, parameters, totalStepCount = 0) {
        if (typeof name !== "string" || typeof parameters !== "object") throw new TypeError("author.Command(name, {}, n)");
        if (!Number.isInteger(totalStepCount)) throw new TypeError("the number of steps is an integer");
        Object.assign(this, { name, parameters, totalStepCount });
    }
}

const submitted = JSON.parse(fs.readFileSync(0, "utf8"));
const tasks = [];
const job = {
    jobID: "10000000-e663-4210-b3cc-f7bfa629cb21",
    workerTagUUID: submitted.worker_tag || "",
    name: submitted.name,
    jobType: submitted.type,
    priority: submitted.priority,
    status: "under-construction",
    created: new Date(0),
    settings: { ...submitted.settings },
    metadata: { ...submitted.metadata },
    storage: {},
    tasks,
    addTask: (task) => tasks.push({ ...task, dependencies: task.dependencies.map((other) => other.name) }),
};
const author = { Task: (name, type) => new Task(name, type), Command: (...given) => new Command(...given) };
const context = vm.createContext({ author, path: path.posix, process: { platform: "linux" }, print() {}, alert() {} });
vm.runInContext(fs.readFileSync(process.argv[2], "utf8"), context);
const jobType = vm.runInContext("JOB_TYPE", context);
for (const setting of jobType.settings) {
    if (setting.required && !(setting.key in job.settings)) throw new Error(`setting ${setting.key} is required`);
}
context.job = job;
vm.runInContext("compileJob(job)", context);
process.stdout.write(JSON.stringify({ jobType, tasks }));
