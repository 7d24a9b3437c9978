/** A suite of three cases and its builds as data, for tests of what needs no VM. */

import { budgets, constants } from "../suite-constants.ts";
import type { Build, Manifest, Outcome, OutcomeFailure, Suite, SuiteCase, SuitePeer } from "../types.ts";

export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

export function manifestOf(change: Partial<Manifest> = {}): Manifest {
  return {
    parley: 1,
    vendor: "acme",
    backend: "hv",
    version: "1.0.0",
    profile: "enlightened",
    machine: "enlightened",
    slat: false,
    pvi: { min: "1.0", max: "1.0" },
    abi: { name: "kvm-pv", version: "1" },
    complete_with: null,
    offers: [],
    features: { offered: "0", hints: "0" },
    shares: [],
    needs: { vcpus: 4, memory_pages: 512, host_pages: 32, guest_memory_pages: 1, host_memory_pages: 1 },
    ...change,
  };
}

export function caseOf(change: Partial<SuiteCase> & Pick<SuiteCase, "id" | "index" | "clauses">): SuiteCase {
  return {
    title: change.id,
    stuck: null,
    ops: [],
    kinds: [],
    features: [],
    roles: [{ name: "only", vcpu: 0 }],
    mode: "sequential",
    strategy: "rr",
    bound: 0,
    budget: 1,
    slices: 1,
    fine: false,
    evict: false,
    early: false,
    steal: false,
    timeFree: false,
    arrivals: [],
    peers: "all",
    scopes: [],
    ...change,
  };
}

export const peerKvm: SuitePeer = {
  name: "kvm",
  manifest: manifestOf({ vendor: "parley", backend: "kvm" }),
  build: digest("9"),
  guest: digest("7"),
  host: digest("8"),
  rom: null,
};

const tiers = { native: "core", enlightened: "core", shadow: "core", direct: "core" } as const;

/** Ops irq.disable (clauses 1, 2), mmu.flush (1) and, optional, mmu.lazy (1). */
export function smallSuite(change: Partial<Suite> = {}): Suite {
  const op = (id: string, clauses: number[]) => ({
    id,
    summary: id,
    params: [],
    result: "void",
    tiers: { ...tiers },
    native: true,
    clauses: clauses.map((n) => `${id}.${n}`),
  });
  const lazy = {
    ...op("mmu.lazy", [1]),
    tiers: { native: "none", enlightened: "optional", shadow: "optional", direct: "core" } as const,
  };
  const ops = [op("irq.disable", [1, 2]), op("mmu.flush", [1]), lazy];
  const clauseNumbers = ops.flatMap((item) => item.clauses);
  return {
    digest: digest("a"),
    pvi: "1.0",
    judge: "1",
    core: digest("b"),
    kernel: digest("c"),
    native: digest("d"),
    ops,
    clauses: clauseNumbers.map((id) => ({
      id,
      op: id.slice(0, id.lastIndexOf(".")),
      text: `Text of ${id}.`,
      source: "test",
    })),
    clauseNumbers,
    cases: [
      caseOf({ id: "masks", index: 0, clauses: ["irq.disable.1", "irq.disable.2"] }),
      caseOf({
        id: "flushes",
        index: 1,
        clauses: ["irq.disable.2", "mmu.flush.1"],
        stuck: "mmu.flush.1",
        mode: "explored",
        strategy: "dfs",
        budget: 100,
        slices: 2,
      }),
      caseOf({ id: "lazy", index: 2, clauses: ["mmu.lazy.1"] }),
    ],
    peers: [peerKvm],
    variants: [],
    budgets,
    constants,
    blob: () => new Uint8Array(),
    ...change,
  };
}

export function buildOf(change: Partial<Build> = {}): Build {
  return {
    digest: digest("e"),
    manifest: manifestOf(),
    digests: { manifest: digest("1"), guest: digest("2"), host: digest("3"), rom: null },
    parts: {},
    exportsOps: ["irq.disable", "mmu.flush"],
    ...change,
  };
}

export function okOutcome(change: Partial<Outcome> = {}): Outcome {
  return {
    end: "ok",
    tried: 1,
    exhausted: 1,
    bound: 0,
    fuel: "1000",
    reached: [],
    failed: [],
    not_offered: [],
    outcomes: [],
    costs: [],
    failure: null,
    ...change,
  };
}

export function failureOf(change: Partial<OutcomeFailure> = {}): OutcomeFailure {
  return {
    kind: "expect",
    clause: -1,
    expected: "0x1",
    seen: "0x2",
    note: "",
    role: 0,
    vcpu: 0,
    op: 0,
    half: "guest",
    function: "irq_disable",
    offset: 66,
    reason: "the expectation does not hold",
    schedule: "1-",
    steps: 3,
    stack: [],
    trace: [],
    ...change,
  };
}
