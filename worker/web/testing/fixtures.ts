// Views as the registry's read functions return them, small enough to read; used by the page tests alone.
import type { OpView } from "../../registry/op-views.ts";
import type { BuildView, GroupCount, Matrix, MatrixRow, RunView, Verdict } from "../../registry/views.ts";
import type { ReportView } from "../report.ts";

export const digest = `sha256:${"ab12".repeat(16)}`;
export const suite = { digest: `sha256:${"77fe".repeat(16)}`, pvi: "1.0" };
const at = "2026-03-04T05:06:07.000Z";

const groups = [
  { id: "init", ops: ["init.version", "init.features"] },
  { id: "irq", ops: ["irq.save_fl", "irq.disable", "irq.enable", "irq.safe_halt"] },
  { id: "lock", ops: ["lock.wait", "lock.kick"] },
];

function row(vendor: string, backend: string, bad: Record<string, Verdict>): MatrixRow {
  const ops = groups.flatMap((group) => group.ops);
  const cells = Object.fromEntries(ops.map((op) => [op, bad[op] ?? "pass"]));
  const failed = Object.keys(bad).length;
  return {
    vendor,
    unverified: vendor !== "parley",
    backend,
    version: "1.0.0",
    profile: "enlightened",
    build: digest,
    run: { id: `run-${backend}`, state: "published", at },
    pending: null,
    conforms: failed === 0,
    privateAbi: false,
    held: 24 - failed,
    of: 24,
    trust: { provenance: "token", execution: "registry-run" },
    standing: "valid",
    suite,
    stale: false,
    cells,
    groups: Object.fromEntries(groups.map((group) => [group.id, count(group.ops.map((op) => cells[op] ?? "not-run"))])),
  };
}

function count(verdicts: Verdict[]): GroupCount {
  const of = (verdict: Verdict) => verdicts.filter((each) => each === verdict).length;
  return {
    pass: of("pass"),
    fail: of("fail"),
    error: of("error"),
    notOffered: of("not-offered"),
    notRun: of("not-run"),
    of: verdicts.length,
  };
}

export const matrix: Matrix = {
  suite,
  groups,
  rows: [
    row("acme", "hv", {
      "lock.wait": "error",
      "lock.kick": "fail",
      "irq.disable": "not-run",
      "init.features": "not-offered",
    }),
    row("parley", "kvm", {}),
  ],
  next: null,
  waiting: [
    {
      vendor: "acme",
      unverified: true,
      backend: "next",
      version: "0.1.0",
      build: digest,
      run: { id: "run-next", state: "running", at },
    },
  ],
};

export const op: OpView = {
  suite,
  op: {
    id: "lock.kick",
    group: "lock",
    summary: "Wakes a vCPU that waits, or keeps the wake-up until it waits.",
    signature: "lock_kick(vcpu: i32)",
    params: [{ name: "vcpu", type: "i32", meaning: "index of the vCPU to wake" }],
    result: null,
    native: false,
    rule: false,
    tiers: { native: "none", enlightened: "core", shadow: "core", direct: "optional" },
    clauses: [
      {
        id: "lock.kick.1",
        text: "A kick that comes before the wait is not lost.",
        source: "a published source",
        cases: [
          { id: "lock-kick-before", title: "the kick comes first", mode: "sequential" },
          { id: "lock-kick-any-time", title: "the kick comes at any time", mode: "explored" },
        ],
      },
      {
        id: "lock.kick.2",
        text: "A kick of a vCPU that does not wait changes nothing else.",
        source: "a published source",
        cases: [{ id: "lock-kick-nobody", title: "nobody waits", mode: "sequential" }],
      },
    ],
    deviations: ["The wake-up may be late."],
    decisions: [{ conflict: "KVM keeps one kick, Xen a pending event.", choice: "One kick is kept." }],
    definedBy: [
      { system: "KVM", sources: ["KVM_HC_KICK_CPU"] },
      { system: "Xen", sources: ["event channel of the lock"] },
    ],
  },
  results: [
    {
      vendor: "acme",
      unverified: true,
      backend: "hv",
      version: "1.0.0",
      profile: "enlightened",
      build: digest,
      run: "run-hv",
      standing: "valid",
      stale: false,
      verdict: "fail",
      native: false,
      clauses: { "lock.kick.1": "fail", "lock.kick.2": "pass" },
      costs: { guest_instructions: 1600, hypercall: 4, tlb_local: 0 },
    },
  ],
};

const ran = { execution: "registry-run", standing: "valid" } as const;

export const build: BuildView = {
  digest,
  vendor: "parley",
  unverified: false,
  backend: "kvm",
  version: "1.0.0",
  profile: "enlightened",
  machine: "enlightened",
  abi: { name: "kvm-pv", version: "1" },
  submittedAt: at,
  provenance: "token",
  revoked: null,
  manifest: {
    parley: 1,
    vendor: "parley",
    backend: "kvm",
    version: "1.0.0",
    profile: "enlightened",
    machine: "enlightened",
    slat: true,
    pvi: { min: "1.0", max: "1.0" },
    abi: { name: "kvm-pv", version: "1" },
    complete_with: null,
    offers: [],
    features: { offered: "0", hints: "0" },
    shares: ["kvm"],
    needs: { vcpus: 4, memory_pages: 2048, host_pages: 256, guest_memory_pages: 16, host_memory_pages: 32 },
  },
  guest: { digest, sizeBytes: 4_321 },
  host: { digest, sizeBytes: 123_456 },
  rom: null,
  runs: [
    {
      id: "run-2",
      state: "running",
      at,
      suite,
      attempt: 2,
      cause: "rerun",
      repeats: null,
      conforms: null,
      score: null,
      ...ran,
    },
    {
      id: "run-1",
      state: "published",
      at,
      suite,
      attempt: 1,
      cause: "submission",
      repeats: null,
      conforms: true,
      score: { held: 24, of: 24 },
      ...ran,
    },
  ],
};

const tally = { held: 23, failed: 1, error: 0, not_run: 0, of: 24 };

export const run: RunView = {
  id: "run-hv",
  state: "published",
  at,
  createdAt: at,
  reason: null,
  build: { digest, vendor: "acme", unverified: true, backend: "hv", version: "1.0.0", profile: "enlightened" },
  suite,
  challenge: null,
  attempt: 1,
  cause: "submission",
  repeats: null,
  attempts: [
    { id: "run-first", state: "cancelled", at, attempt: 1 },
    { id: "run-hv", state: "published", at, attempt: 2 },
  ],
  trust: { provenance: "token", execution: "registry-run" },
  standing: "valid",
  reproductions: [],
  disputes: [],
  progress: { shardsDone: 3, shards: 3 },
  summary: {
    conforms: false,
    profile: "enlightened",
    pvi: "1.0",
    private_abi: false,
    core: tally,
    optional: { held: 1, failed: 0, error: 0, not_run: 0, not_offered: 1, of: 2 },
  },
  reportDigest: digest,
  ops: [
    {
      id: "lock.kick",
      verdict: "fail",
      native: false,
      clauses: { "lock.kick.1": "fail", "lock.kick.2": "pass" },
      costs: { ipis: 6 },
    },
  ],
  events: [
    { at, actor: "vendor:acme", type: "run.received", detail: null },
    { at, actor: "registry", type: "run.published", detail: null },
  ],
};

export const runningRun: RunView = {
  ...run,
  id: "run-next",
  state: "running",
  progress: { shardsDone: 1, shards: 3 },
  summary: null,
  reportDigest: null,
  ops: null,
};

const common = { costs: [], outcomes: [], peer: "own" };

export const report: ReportView = {
  clauseTexts: { "lock.kick.1": "A kick that comes before the wait is not lost." },
  boots: [],
  scenarios: [
    { id: "cost-idle", peer: "own", end: "ok", scopes: [{ title: "sleep and wake-up", counters: { transitions: 3 } }] },
    { id: "cost-timer", peer: "own", end: "stuck", scopes: [{ title: "armed", counters: {} }] },
  ],
  cases: [
    {
      ...common,
      id: "lock.kick-after",
      verdict: "pass",
      clauses: [{ id: "lock.kick.2", verdict: "pass" }],
      schedules: { tried: 12, exhausted: true, bound: 2 },
      failure: null,
    },
    {
      ...common,
      id: "lock.loop",
      verdict: "error",
      clauses: [{ id: "lock.wait.1", verdict: "error" }],
      schedules: { tried: 1, exhausted: false, bound: 2 },
      failure: {
        kind: "fuel",
        clause: null,
        expected: "the case ends well",
        seen: "fuel exhausted",
        note: "",
        reason: "fuel exhausted",
        charged: "guest",
        role: "waiter",
        vcpu: 0,
        op: "lock.wait",
        half: "guest",
        function: "spin",
        offset: 412,
        schedule: "",
        steps: 9,
        stack: [],
        trace: [],
      },
    },
    {
      ...common,
      id: "lock.kick-before",
      peer: "host/kvm",
      verdict: "fail",
      clauses: [{ id: "lock.kick.1", verdict: "fail" }],
      schedules: { tried: 7, exhausted: false, bound: 2 },
      failure: {
        kind: "expect",
        clause: "lock.kick.1",
        expected: "the waiter goes on",
        seen: "<b>no vCPU can run</b>",
        note: "",
        reason: "",
        charged: "host",
        role: "kicker",
        vcpu: 1,
        op: "lock.kick",
        half: "host",
        function: "exit",
        offset: 1204,
        schedule: "p1@14,p0@20",
        steps: 31,
        stack: [],
        trace: [
          { v: 0, layer: "kernel", op: "lock.wait", what: "enter", a: "4096", b: "1" },
          { v: 1, layer: "guest", op: "lock.kick", what: "hypercall", a: "5", b: "0" },
          { v: 0, layer: "machine", op: null, what: "halt", a: "", b: "" },
          { v: 1, layer: "kernel", op: null, what: "expect_eq lock.kick.1", a: "9", b: "5" },
        ],
      },
    },
  ],
};
