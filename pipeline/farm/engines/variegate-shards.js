// SPDX-License-Identifier: GPL-3.0-or-later
//
// Flamenco 3 job type of Variegate: one task a shard of frames, and one that checks the whole afterwards.
// It belongs in the folder `scripts` beside flamenco-manager; `variegate submit --engine flamenco` makes the jobs.

const JOB_TYPE = {
    label: "Variegate Shards",
    description: "Labelled training images; submitted by `variegate submit --engine flamenco`.",
    settings: [
        {
            key: "dataset",
            type: "string",
            subtype: "dir_path",
            required: true,
            visible: "web",
            description: "Folder that gets the frames, as workers see it",
        },
        { key: "frames", type: "string", required: true, visible: "web", description: "All frames of this job" },
        {
            key: "shards",
            type: "string",
            required: true,
            visible: "hidden",
            description: "The frames of each shard, one line a shard",
        },
        {
            key: "shard_command",
            type: "string",
            required: true,
            visible: "hidden",
            description: "JSON list of the words that make a shard; SHARD_INDEX stands for its number",
        },
        {
            key: "finalize_command",
            type: "string",
            required: true,
            visible: "hidden",
            description: "JSON list of the words that tell whether all frames are there",
        },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    const shards = settings.shards.split("\n");
    const words = JSON.parse(settings.shard_command);
    const finalize = authorFinalize(JSON.parse(settings.finalize_command));
    for (let index = 0; index < shards.length; index++) {
        const task = authorShard(index, shards[index], words);
        finalize.addDependency(task);
        job.addTask(task);
    }
    job.addTask(finalize);
}

function authorShard(index, frames, words) {
    const task = author.Task(`shard-${index} frames ${shorten(frames)}`, "blender");
    const own = words.map((word) => (word === "SHARD_INDEX" ? String(index) : word));
    // blender-render, whatever the program is: this command counts `Time:` lines and shows what `Saved:` names.
    const parameters = { exe: own[0], exeArgs: "", argsBefore: [], blendfile: "", args: own.slice(1) };
    task.addCommand(author.Command("blender-render", parameters, countFrames(frames)));
    return task;
}

function authorFinalize(words) {
    const task = author.Task("complete?", "misc");
    task.addCommand(author.Command("exec", { exe: words[0], args: words.slice(1) }));
    return task;
}

function countFrames(frames) {
    let count = 0;
    for (const part of frames.split(",")) {
        const ends = part.split("-");
        count += Number(ends[ends.length - 1]) - Number(ends[0]) + 1;
    }
    return count;
}

function shorten(frames) {
    return frames.length <= 60 ? frames : `${frames.slice(0, 57)}...`;
}
