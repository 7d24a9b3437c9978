// The parts of the bench by name; each returns figures {figure, value | null, bound, unit, how}, or {line} to print.
// `atLeast` makes the bound a lower one, `digits` says how many to print behind the point.
import { clone } from "./clone.mjs";
import { engine } from "./engine.mjs";
import { explorer } from "./explorer.mjs";
import { memory } from "./memory.mjs";
import { registry } from "./registry.mjs";
import { run } from "./run.mjs";
import { start } from "./start.mjs";
import { tests } from "./tests.mjs";

export const parts = { engine, explorer, start, run, memory, tests, clone, registry };
