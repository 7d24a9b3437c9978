// The parts of the bench by name; each returns figures {figure, value | null, bound, unit, how}.
import { clone } from "./clone.mjs";
import { memory } from "./memory.mjs";
import { registry } from "./registry.mjs";
import { run } from "./run.mjs";
import { start } from "./start.mjs";
import { tests } from "./tests.mjs";

export const parts = { start, run, memory, tests, clone, registry };
