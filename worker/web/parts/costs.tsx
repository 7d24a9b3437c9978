import { grouped } from "./text.tsx";

/** Counters of the machine in words; exits are named by their reason. In the order in which they are shown. */
const names: Record<string, string> = {
  transitions: "transitions",
  hypercall: "hypercalls",
  insn: "instruction exits",
  msr: "MSR exits",
  io: "port exits",
  exc: "exception exits",
  slat: "second-level faults",
  intr_window: "interrupt-window exits",
  nmi_window: "NMI-window exits",
  kick: "kick exits",
  triple_fault: "triple faults",
  bad_entry: "refused entries",
  eoi: "EOI exits",
  icr: "ICR exits",
  sipi: "start-up exits",
  tlb_one: "single-page TLB flushes",
  tlb_local: "local TLB flushes",
  tlb_remote: "remote TLB flushes",
  ipis: "IPIs",
  interrupts: "interrupts taken",
  locked: "locked operations",
  accesses: "memory accesses",
  guest_instructions: "guest instructions",
  host_instructions: "host instructions",
};

export function counterText(name: string): string {
  return names[name] ?? name.replaceAll("_", " ");
}

/** Counters that are not zero in at least one of the results, known ones first in their order. */
export function countersOf(results: readonly { costs: Record<string, number> }[]): string[] {
  const counted = new Set(results.flatMap(({ costs }) => Object.keys(costs).filter((name) => costs[name])));
  const known = Object.keys(names).filter((name) => counted.has(name));
  return [...known, ...[...counted].filter((name) => !(name in names)).sort()];
}

/** `hypercalls: 4; guest instructions: 312`. */
export function Costs({ costs }: { costs: Record<string, number> }) {
  const counters = countersOf([{ costs }]);
  if (counters.length === 0) return <span class="quiet">nothing counted</span>;
  return <>{counters.map((name) => `${counterText(name)}: ${grouped(costs[name] ?? 0)}`).join("; ")}</>;
}
