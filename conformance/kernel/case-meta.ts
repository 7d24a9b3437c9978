/** What is known about a case without running it, and how a case file states it. */

export interface Role {
  name: string;
  /** vCPU index, when it is not the role's own number. */
  vcpu?: number;
}

/** At most `max` arrivals of an interrupt or NMI on a vCPU; or of a migration of the machine, amid what that vCPU does. */
export interface Arrival {
  kind: "irq" | "nmi" | "migration";
  vector: number;
  vcpu: number;
  max: number;
}

export interface CaseMeta {
  /** Kebab case; the function in cases/ has the same name with underscores. */
  id: string;
  title: string;
  /** Ids of the clauses it claims; every expectation is about one of these. */
  clauses: string[];
  /** Clause that fails when the case never ends; null for a scenario. */
  stuck: string | null;
  roles: Role[];
  mode: "sequential" | "explored";
  strategy: "rr" | "dfs";
  /** Preemption bound of the search. */
  bound: number;
  /** Most schedules that are tried. */
  budget: number;
  irq: "coarse" | "fine";
  evict: boolean;
  /** RDTSC may execute before loads that precede it, as on real processors without a fence. */
  early: boolean;
  steal: boolean;
  time: "lazy" | "free";
  /** Interrupts that the search lets arrive at any moment, or never. */
  arrivals: Arrival[];
  /** Who stands in for the other half: "all" the reference and its hostile variants, "hostile" a hostile guest half alone. */
  peers: "reference" | "hostile" | "all";
  /** What is counted, by the number that the kernel counts under; only a scenario has any. */
  scopes?: string[];
  /** Ops of a scenario; those of a case follow from its clauses. */
  ops?: string[];
}

/** Cases of one source file in cases/, in suite order. */
export interface CaseFile {
  file: string;
  cases: CaseMeta[];
}

type Options = Partial<
  Pick<CaseMeta, "bound" | "budget" | "irq" | "evict" | "early" | "steal" | "time" | "stuck" | "arrivals" | "peers">
> & {
  /** vCPU of each role; role i is on vCPU i otherwise. */
  on?: number[];
};

/** One role after the other, or taking turns where they wait. */
export function sequential(
  id: string,
  title: string,
  clauses: string[],
  roles: string[] = ["vCPU"],
  options: Options = {},
): CaseMeta {
  return { ...described(id, title, clauses, roles, options), mode: "sequential", strategy: "rr", bound: 0, budget: 1 };
}

/** Every schedule within the preemption bound, up to the budget. */
export function explored(
  id: string,
  title: string,
  clauses: string[],
  roles: string[],
  options: Options = {},
): CaseMeta {
  const { bound = 1, budget = 200 } = options;
  return { ...described(id, title, clauses, roles, options), mode: "explored", strategy: "dfs", bound, budget };
}

/** A scenario whose costs are counted, in the one round-robin schedule. It claims nothing and is not graded. */
export function scenario(
  id: string,
  title: string,
  { ops, roles, scopes }: { ops: string[]; roles: string[]; scopes: string[] },
): CaseMeta {
  const meta = { ...described(id, title, [], roles, { peers: "reference" }), stuck: null, ops, scopes };
  return { ...meta, mode: "sequential", strategy: "rr", bound: 0, budget: 1 };
}

function described(id: string, title: string, clauses: string[], roles: string[], options: Options) {
  const {
    stuck = clauses[0] as string,
    irq = "coarse",
    evict = false,
    early = false,
    steal = false,
    time = "lazy",
    on = [],
    arrivals = [],
    peers = "all",
  } = options;
  const mapped = roles.map((name, role) => ({ name, vcpu: on[role] ?? role }));
  return { id, title, clauses, stuck, roles: mapped, irq, evict, early, steal, time, arrivals, peers } as const;
}

/** One role on each vCPU. */
export const everyVcpu = ["first", "second", "third", "fourth"];
