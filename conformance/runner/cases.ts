/** Reads the custom section `parley.cases` of a kernel and resolves its numbers to ids. */
import { z } from "zod";
import { RunnerError } from "./errors.ts";
import { customSection } from "./sections.ts";
import type { SuiteCase } from "./types.ts";

const kind = z.enum(["native", "enlightened", "shadow", "direct", "fullvirt"]);
const count = z.number().int().min(0);

/** What a search that names no bound and no budget may do. */
export const PREEMPTIONS_DEFAULT = 2;
export const SCHEDULES_DEFAULT = 20_000;

const caseShape = z.object({
  id: z.string().min(1),
  index: count,
  title: z.string().min(1),
  clauses: z.array(count),
  stuck: z.number().int().min(-1),
  ops: z.array(count),
  needs: z
    .object({ features: z.array(z.string()).default([]), kinds: z.array(kind).default([]) })
    .default({ features: [], kinds: [] }),
  roles: z
    .array(z.object({ name: z.string(), vcpu: count.optional() }))
    .min(1)
    .max(8),
  mode: z.enum(["sequential", "explored"]),
  strategy: z.enum(["rr", "dfs", "pct"]).default("dfs"),
  bound: count.default(PREEMPTIONS_DEFAULT),
  budget: z.number().int().min(1).default(SCHEDULES_DEFAULT),
  slices: z.number().int().min(1).default(1),
  irq: z.enum(["coarse", "fine"]).default("coarse"),
  evict: z.boolean().default(false),
  early: z.boolean().default(false),
  steal: z.boolean().default(false),
  time: z.string().default("lazy"),
  arrivals: z
    .array(z.object({ kind: z.enum(["irq", "nmi", "migration"]), vector: count, vcpu: count, max: count }))
    .max(8)
    .default([]),
  peers: z.enum(["reference", "hostile", "all"]).default("all"),
  scopes: z.array(z.string()).max(64).default([]),
});

/** A case claims clauses, a scenario counts costs: either, never both. */
const caseOrScenario = caseShape.refine(({ clauses, scopes }) => (clauses.length === 0) !== (scopes.length === 0), {
  message: "claims no clause and counts nothing, or does both",
});

const sectionShape = z.object({
  pvi: z.string(),
  clauses: z.array(z.string()),
  ops: z.array(z.string()),
  cases: z.array(caseOrScenario),
});

export interface KernelCases {
  pvi: string;
  /** Clause ids by the numbers that `test.expect` uses. */
  clauseNumbers: string[];
  /** Op ids by the numbers that `probe` and `test.not_offered` use. */
  opNames: string[];
  cases: SuiteCase[];
}

/**
 * @param kernel bytes of kernel.wasm
 * @throws RunnerError "no-cases" or "bad-cases" naming the entry
 */
export function readCases(kernel: Uint8Array): KernelCases {
  const data = customSection(kernel, "parley.cases");
  if (!data)
    throw new RunnerError(
      "no-cases",
      "The kernel has no custom section parley.cases: append it with conformance/kernel/section.ts.",
    );
  const parsed = sectionShape.safeParse(JSON.parse(new TextDecoder().decode(data)));
  if (!parsed.success)
    throw new RunnerError(
      "bad-cases",
      `Section parley.cases is not as docs/abi.md says: ${z.prettifyError(parsed.error)}`,
    );
  const { pvi, clauses, ops, cases } = parsed.data;
  return { pvi, clauseNumbers: clauses, opNames: ops, cases: cases.map((item) => resolveCase(item, clauses, ops)) };
}

function resolveCase(item: z.infer<typeof caseShape>, clauses: string[], ops: string[]): SuiteCase {
  const named = (list: string[], number: number, what: string): string => {
    const id = list[number];
    if (id === undefined)
      throw new RunnerError("bad-cases", `Case ${item.id} names ${what} ${number}, the section has ${list.length}.`);
    return id;
  };
  return {
    id: item.id,
    index: item.index,
    title: item.title,
    clauses: item.clauses.map((number) => named(clauses, number, "clause")),
    stuck: item.stuck < 0 ? null : named(clauses, item.stuck, "clause"),
    ops: item.ops.map((number) => named(ops, number, "op")),
    kinds: item.needs.kinds,
    features: item.needs.features,
    roles: item.roles.map((role, index) => ({ name: role.name, vcpu: role.vcpu ?? index })),
    mode: item.mode,
    strategy: item.mode === "sequential" ? "rr" : item.strategy,
    bound: item.bound,
    budget: item.mode === "sequential" ? 1 : item.budget,
    slices: item.slices,
    fine: item.irq === "fine",
    evict: item.evict,
    early: item.early,
    steal: item.steal,
    timeFree: item.time === "free",
    arrivals: item.arrivals,
    peers: item.peers,
    scopes: item.scopes,
  };
}
