/** Compares what the explorer finds of a published test with the model's set of outcomes and with the published verdict. */
import { exploreProgram } from "./explore.ts";
import { modelOutcomes } from "./model.ts";
import { parseProgram } from "./program.ts";
import type { Published } from "./published.ts";

export interface Checked {
  outcomes: string[];
  tried: number;
  /** One sentence each; empty when the test passes. */
  problems: string[];
}

export async function checkPublished({ program, final, allowed }: Published): Promise<Checked> {
  const { outcomes, tried, problems } = await checkProgram(program);
  const seen = outcomes.some((state) => holds(state, final));
  if (seen !== allowed) problems.push(`published as ${allowed ? "allowed" : "forbidden"}: ${final}`);
  return { outcomes, tried, problems };
}

/** A program against the model alone. */
export async function checkProgram(text: string): Promise<Checked> {
  const program = parseProgram(text);
  const expected = modelOutcomes(program);
  const { outcomes, exhausted, tried } = await exploreProgram(program);
  const problems = [
    ...(exhausted ? [] : ["the search did not end"]),
    ...expected.filter((state) => !outcomes.includes(state)).map((state) => `allowed, but never seen: ${state}`),
    ...outcomes.filter((state) => !expected.includes(state)).map((state) => `forbidden, but seen: ${state}`),
  ];
  return { outcomes, tried, problems };
}

/** Whether a final state has the values that are asked for. */
function holds(state: string, wanted: string): boolean {
  const values = new Set(state.split(" "));
  return wanted.split(" ").every((value) => values.has(value));
}
