import type { RunState } from "../registry/views.ts";

/** The life of a run, in order; any step may end it early. The trigger `runs_transition` says the same in SQL. */
export const successors: Readonly<Record<RunState, readonly RunState[]>> = {
  received: ["queued", "abandoned", "cancelled"],
  queued: ["running", "abandoned", "cancelled"],
  running: ["merging", "abandoned", "cancelled"],
  merging: ["judging", "abandoned", "cancelled"],
  judging: ["published", "abandoned", "cancelled"],
  published: [],
  abandoned: [],
  cancelled: [],
};

export const states = Object.keys(successors) as RunState[];

export function isFinal(state: RunState): boolean {
  return successors[state].length === 0;
}

export function mayFollow(from: RunState, to: RunState): boolean {
  return successors[from].includes(to);
}
