/** Costs in words: one row for each thing that a scenario counts. */
import type { Report } from "../runner/report.ts";
import { paint } from "./words.ts";

const columns: [counter: string, title: string][] = [
  ["transitions", "transitions"],
  ["guest_instructions", "guest"],
  ["host_instructions", "host"],
  ["locked", "locked"],
  ["ipis", "ipis"],
];
/** Counters that are kinds of transitions. */
const kinds = "hypercall insn msr io exc slat intr_window nmi_window kick eoi icr sipi".split(" ");
const TITLE_WIDTH = 52;

/** Table of `parley test DIR --costs`. A scenario that did not end well says so instead of numbers. */
export function renderCosts({ scenarios, pairings }: Report): string {
  const head = `${"".padEnd(TITLE_WIDTH)}${columns.map(([, title]) => title.padStart(13)).join("")}  kinds`;
  const tables = pairings.flatMap(({ id }) => {
    const list = scenarios.list.filter(({ peer }) => peer === id);
    if (list.length === 0) return [];
    const rows = list.flatMap(({ id: scenario, end, scopes }) => [
      paint("bold", scenario.replace("cost-", "")),
      ...(end === "ok" ? scopes.map(row) : [`  nothing counted: it ended as ${end}`]),
    ]);
    return ["", paint("dim", `costs in pairing ${id}, counted in one round-robin schedule`), head, ...rows];
  });
  return `${tables.join("\n")}\n`;
}

function row({ title, counters }: { title: string; counters: Record<string, number> }): string {
  const numbers = columns.map(([counter]) => String(counters[counter] ?? 0).padStart(13)).join("");
  const parts = kinds.filter((kind) => counters[kind]).map((kind) => `${kind} ${counters[kind]}`);
  return `${`  ${title}`.padEnd(TITLE_WIDTH)}${numbers}  ${parts.join(", ")}`.trimEnd();
}
