/** What is known about each case without running it; section.ts appends it to kernel.wasm as `parley.cases`. */

export interface Role {
  name: string;
  /** vCPU index, when it is not the role's own number. */
  vcpu?: number;
}

/** At most `max` arrivals of an interrupt or NMI on a vCPU. */
export interface Arrival {
  kind: "irq" | "nmi";
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
  /** Clause that fails when the case never ends. */
  stuck: string;
  roles: Role[];
  mode: "sequential" | "explored";
  strategy: "rr" | "dfs";
  /** Preemption bound of the search. */
  bound: number;
  /** Most schedules that are tried. */
  budget: number;
  irq: "coarse" | "fine";
  evict: boolean;
  steal: boolean;
  time: "lazy" | "free";
  /** Interrupts that the search lets arrive at any moment, or never. */
  arrivals: Arrival[];
}

/** Cases of one source file in cases/, in suite order. */
export interface CaseFile {
  file: string;
  cases: CaseMeta[];
}

type Options = Partial<
  Pick<CaseMeta, "bound" | "budget" | "irq" | "evict" | "steal" | "time" | "stuck" | "arrivals">
> & {
  /** vCPU of each role; role i is on vCPU i otherwise. */
  on?: number[];
};

/** One role after the other, or taking turns where they wait. */
function sequential(
  id: string,
  title: string,
  clauses: string[],
  roles: string[] = ["vCPU"],
  options: Options = {},
): CaseMeta {
  return { ...described(id, title, clauses, roles, options), mode: "sequential", strategy: "rr", bound: 0, budget: 1 };
}

/** Every schedule within the preemption bound, up to the budget. */
function explored(id: string, title: string, clauses: string[], roles: string[], options: Options = {}): CaseMeta {
  const { bound = 1, budget = 200 } = options;
  return { ...described(id, title, clauses, roles, options), mode: "explored", strategy: "dfs", bound, budget };
}

function described(id: string, title: string, clauses: string[], roles: string[], options: Options) {
  const {
    stuck = clauses[0] as string,
    irq = "coarse",
    evict = false,
    steal = false,
    time = "lazy",
    on = [],
    arrivals = [],
  } = options;
  const mapped = roles.map((name, role) => ({ name, vcpu: on[role] ?? role }));
  return { id, title, clauses, stuck, roles: mapped, irq, evict, steal, time, arrivals } as const;
}

const everyVcpu = ["first", "second", "third", "fourth"];

const init = [
  sequential("init-version-number", "The version is the kernel's", ["init.version.1"]),
  sequential("init-version-everywhere", "All vCPUs hear the same version", ["init.version.2"], everyVcpu),
  sequential("init-features-defined-bits", "Undefined bits and selectors read zero", [
    "init.features.1",
    "init.features.2",
  ]),
  sequential("init-features-everywhere", "All vCPUs hear the same features", ["init.features.3"], everyVcpu),
  sequential("init-features-veto", "A vetoed feature is not reported", ["init.features.4"]),
  sequential(
    "init-features-fallback",
    "Without its features the backend behaves natively",
    ["init.features.5"],
    ["vetoed", "other"],
    { on: [0, 2] },
  ),
];

const irq = [
  sequential("irq-save-fl-both-states", "The flag reads as it is and stays so", ["irq.save_fl.1", "irq.save_fl.2"]),
  explored("irq-save-fl-in-nmi", "An NMI reads the flag amid the ops", ["irq.save_fl.3"], ["vCPU"], {
    irq: "fine",
    arrivals: [{ kind: "nmi", vector: 2, vcpu: 0, max: 1 }],
  }),
  sequential("irq-keep-registers", "Registers other than RAX are preserved", [
    "irq.save_fl.4",
    "irq.disable.5",
    "irq.enable.3",
  ]),
  sequential(
    "irq-disable-holds-delivery",
    "What arrives while disabled waits",
    ["irq.disable.1", "irq.disable.2"],
    ["vCPU"],
    { on: [3] },
  ),
  explored(
    "irq-disable-any-arrival",
    "An interrupt arrives around irq.disable",
    ["irq.disable.1", "irq.disable.2"],
    ["disabler", "device"],
    { on: [2, 1] },
  ),
  sequential("irq-disable-does-not-count", "One enable undoes three disables", ["irq.disable.3"]),
  sequential(
    "irq-disable-own-vcpu",
    "Disabling one vCPU leaves the other alone",
    ["irq.disable.4"],
    ["disabler", "bystander"],
    { on: [3, 2] },
  ),
  sequential("irq-enable-delivers-pending", "Enabling delivers what is pending", ["irq.enable.1"]),
  sequential("irq-enable-then-disable", "Enable and disable at once drop nothing", ["irq.enable.2"]),
  sequential("irq-safe-halt-pending-before", "A pending interrupt ends the halt", ["irq.safe_halt.1"]),
  explored(
    "irq-safe-halt-any-arrival",
    "No arrival around the halt is lost",
    ["irq.safe_halt.2"],
    ["sleeper", "device"],
    { on: [2, 1] },
  ),
  sequential(
    "irq-safe-halt-in-sleep",
    "An interrupt ends the sleep after its handler ran",
    ["irq.safe_halt.3"],
    ["vCPU"],
    { on: [3] },
  ),
  sequential("irq-safe-halt-returns-enabled", "The halt returns with interrupts enabled", ["irq.safe_halt.4"]),
];

const mmu = [
  sequential("mmu-read-cr3-reads-back", "The root reads back as written", ["mmu.read_cr3.1"]),
  sequential(
    "mmu-cr3-own-vcpu",
    "A root is the calling vCPU's alone",
    ["mmu.read_cr3.2", "mmu.write_cr3.3"],
    ["switcher", "bystander"],
  ),
  sequential("mmu-write-cr3-new-root", "Accesses use the new root", ["mmu.write_cr3.1"]),
  sequential("mmu-write-cr3-same-root", "Loading the same root drops old translations", ["mmu.write_cr3.2"]),
  sequential("mmu-set-pte-reads-back", "An entry reads back, its neighbours stay", ["mmu.set_pte.1", "mmu.set_pte.4"]),
  explored("mmu-set-pte-whole", "Nobody sees half an entry", ["mmu.set_pte.2"], ["writer", "reader"]),
  sequential("mmu-set-pte-needs-no-flush", "A new entry can be used at once", ["mmu.set_pte.3"], ["vCPU"], { on: [3] }),
  sequential("mmu-flush-one-page", "One page, by any of its addresses", ["mmu.flush_tlb_one.1", "mmu.flush_tlb_one.3"]),
  sequential("mmu-flush-one-global", "One global page", ["mmu.flush_tlb_one.2"]),
  sequential("mmu-flush-one-non-canonical", "A non-canonical address does nothing", ["mmu.flush_tlb_one.4"]),
  sequential("mmu-flush-user-all", "Every non-global translation goes", ["mmu.flush_tlb_user.1"]),
  sequential("mmu-flush-user-structures", "Cached upper levels go too", ["mmu.flush_tlb_user.2"], ["vCPU"], {
    on: [2],
  }),
  sequential("mmu-flush-user-keeps-state", "Root and interrupt flag stay", ["mmu.flush_tlb_user.3"]),
];

const flusher = ["flusher", "target"];
const flush = [
  explored("mmu-flush-multi-running", "A running target", ["mmu.flush_tlb_multi.1"], flusher),
  explored("mmu-flush-multi-in-handler", "A target in an interrupt handler", ["mmu.flush_tlb_multi.1"], flusher, {
    on: [0, 2],
  }),
  sequential("mmu-flush-multi-sleeping", "A sleeping target", ["mmu.flush_tlb_multi.2"], flusher, { on: [0, 2] }),
  explored("mmu-flush-multi-preempted", "A target that the host preempts", ["mmu.flush_tlb_multi.3"], flusher, {
    bound: 2,
    budget: 500,
    steal: true,
    on: [0, 3],
  }),
  sequential(
    "mmu-flush-multi-self",
    "The calling vCPU, without anybody's help",
    ["mmu.flush_tlb_multi.4"],
    ["flusher", "deaf"],
  ),
  sequential(
    "mmu-flush-multi-nobody",
    "No target, or none that exists",
    ["mmu.flush_tlb_multi.5"],
    ["flusher", "deaf"],
  ),
  sequential(
    "mmu-flush-multi-freed-tables",
    "Cached upper levels of a freed table",
    ["mmu.flush_tlb_multi.6"],
    flusher,
    { on: [0, 3] },
  ),
  explored("mmu-flush-multi-crossed", "Two vCPUs flush each other", ["mmu.flush_tlb_multi.7"], ["one", "other"], {
    on: [0, 2],
  }),
  sequential("mmu-flush-multi-undefined-flags", "Undefined flags are refused", ["mmu.flush_tlb_multi.8"]),
  sequential("mmu-flush-multi-range", "Every page of a range", ["mmu.flush_tlb_multi.9"], flusher, { on: [0, 3] }),
];

const ipi = [
  sequential("ipi-exact-targets", "The set and nobody else", ["ipi.send_mask.1", "ipi.send_mask.2"], everyVcpu),
  explored("ipi-stores-visible", "The handler sees what was stored before", ["ipi.send_mask.3"], ["sender", "target"]),
  sequential("ipi-refuses-vectors", "Vectors of exceptions are refused", ["ipi.send_mask.4"]),
  sequential("ipi-nobody", "No target, or none that exists", ["ipi.send_mask.5"]),
  sequential("ipi-by-index", "Each vCPU alone, by its index", ["ipi.send_mask.6"], everyVcpu),
  sequential("ipi-to-self", "The sender is a target like any other", ["ipi.send_mask.7"]),
  sequential("ipi-to-masked-target", "A target with interrupts disabled", ["ipi.send_mask.8"], ["sender", "target"]),
];

const time = [
  sequential("time-clock-monotone", "Readings never decrease", ["time.sched_clock.1"]),
  sequential("time-clock-rate", "The clock runs at the rate of real time", ["time.sched_clock.2"]),
  sequential("time-clock-hours", "Over a hundred hours too", ["time.sched_clock.3"]),
  explored(
    "time-clock-torn",
    "The parameters change amid a reading",
    ["time.sched_clock.4"],
    ["reader", "passing time"],
    { bound: 2, budget: 500, steal: true },
  ),
  explored(
    "time-clock-across-vcpus",
    "A later reading elsewhere is not smaller",
    ["time.sched_clock.5"],
    ["first", "second"],
  ),
  sequential("time-clock-goes-on", "Time goes on in sleep and preemption", ["time.sched_clock.6"]),
  explored("time-clock-in-handler", "A handler reads amid a reading", ["time.sched_clock.7"], ["reader"], {
    budget: 300,
    irq: "fine",
    arrivals: [{ kind: "irq", vector: 0x41, vcpu: 0, max: 1 }],
  }),
  sequential("time-steal-counts", "All stolen time is counted, and no more", ["time.steal_clock.1"]),
  sequential("time-steal-not-asleep", "Sleep is not stolen", ["time.steal_clock.2"]),
  explored(
    "time-steal-monotone",
    "Readings about one vCPU never decrease",
    ["time.steal_clock.3"],
    ["preempted", "reader"],
    { steal: true },
  ),
  sequential(
    "time-steal-of-others",
    "It is about the vCPU that was asked for",
    ["time.steal_clock.4", "time.steal_clock.5"],
    ["reader", "preempted"],
  ),
];

const lock = [
  sequential("lock-wait-changed", "A changed byte is not waited for", ["lock.wait.1"]),
  explored("lock-wait-announced", "An announced waiter is not overlooked", ["lock.wait.2"], ["waiter", "owner"]),
  explored("lock-kick-any-time", "A kick at any moment wakes", ["lock.wait.3", "lock.kick.1"], ["waiter", "owner"], {
    on: [2, 1],
    stuck: "lock.kick.1",
  }),
  sequential("lock-wait-keeps-if", "The interrupt flag is that of the call", ["lock.wait.4"], ["waiter", "owner"]),
  sequential("lock-wait-takes-interrupts", "Interrupts are taken in the wait", ["lock.wait.5"]),
  explored("lock-wait-nested", "A handler waits inside a wait", ["lock.wait.6"], ["waiter", "owner"], { bound: 2 }),
  sequential("lock-kick-running", "A running target is not disturbed", ["lock.kick.2"], ["kicker", "running"]),
  explored(
    "lock-kick-stores",
    "The waiter sees what was stored before the kick",
    ["lock.kick.3"],
    ["waiter", "owner"],
    { on: [3, 1] },
  ),
  sequential("lock-kick-nobody", "A vCPU that does not exist", ["lock.kick.4"]),
];

const sys = [
  sequential("sys-power-off", "Power off is an orderly end", ["sys.shutdown.1", "sys.shutdown.2"]),
  sequential("sys-power-off-everybody", "Power off ends all vCPUs", ["sys.shutdown.1"], ["busy", "busy too", "caller"]),
  explored("sys-other-reasons", "Every other reason ends the guest too", ["sys.shutdown.3"], ["vCPU"], { budget: 10 }),
];

export const caseFiles: readonly CaseFile[] = [
  { file: "init", cases: init },
  { file: "irq", cases: irq },
  { file: "mmu", cases: mmu },
  { file: "flush", cases: flush },
  { file: "ipi", cases: ipi },
  { file: "time", cases: time },
  { file: "lock", cases: lock },
  { file: "sys", cases: sys },
];

/** All cases in suite order; the position is the case's index towards the VM. */
export const cases: readonly CaseMeta[] = caseFiles.flatMap(({ cases }) => cases);
