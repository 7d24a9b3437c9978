/** The custom section `parley.cases`: the kernel's metadata inside the kernel, so that one digest covers both. */
import canonicalize from "canonicalize";
import { clauses, ops, pvi } from "../interface/catalogue.ts";
import { type CaseMeta, cases, scenarioFile } from "./cases.meta.ts";

const SECTION_NAME = "parley.cases";

/** One case as the section holds it: numbers are positions in the section's own lists of clauses and ops. */
export interface SectionCase extends Omit<CaseMeta, "clauses" | "stuck" | "ops"> {
  index: number;
  clauses: number[];
  stuck: number;
  ops: number[];
  needs: { features: string[]; kinds: string[] };
}

/** Clause ids in the order of the numbers that `test.expect` uses. */
export const clauseIds: readonly string[] = clauses.map(({ id }) => id);

/** What the section holds, before it becomes canonical JSON. */
export function sectionContents() {
  return {
    pvi,
    clauses: clauseIds,
    ops: ops.map(({ id }) => id),
    cases: [...cases, ...scenarioFile.cases].map(sectionCase),
  };
}

function sectionCase(meta: CaseMeta, index: number): SectionCase {
  const claimed = meta.clauses.map(clauseNumber);
  const names = new Set(meta.ops ?? meta.clauses.map((id) => id.slice(0, id.lastIndexOf("."))));
  const exercised = [...names].map((name) => ops.findIndex(({ id }) => id === name));
  return {
    ...meta,
    index,
    clauses: claimed,
    stuck: meta.stuck === null ? -1 : clauseNumber(meta.stuck),
    ops: exercised,
    needs: { features: [], kinds: [] },
  };
}

function clauseNumber(id: string): number {
  const number = clauseIds.indexOf(id);
  if (number < 0)
    throw new Error(
      `A case claims clause "${id}", which the catalogue does not have. Correct its entry in cases/GROUP.meta.ts.`,
    );
  return number;
}

/**
 * Appends the section to the bytes of a kernel that has none:
 *   00 │ size (LEB128) │ 0c "parley.cases" │ canonical JSON, UTF-8
 */
export function sealKernel(kernel: Uint8Array): Uint8Array {
  const text = canonicalize(sectionContents());
  if (text === undefined) throw new Error("The case metadata has no JSON form.");
  const name = new TextEncoder().encode(SECTION_NAME);
  const data = new TextEncoder().encode(text);
  const size = leb128(1 + name.length + data.length);
  const parts = [kernel, Uint8Array.of(0), size, Uint8Array.of(name.length), name, data];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function leb128(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    rest >>>= 7;
  } while (rest > 0);
  return Uint8Array.from(bytes);
}
