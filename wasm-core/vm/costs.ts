// Costs: counted, never timed; attributed to the innermost op of a vCPU and to its open scopes. Only while `counting`.
//
//   row (24 × u64): | 0 transitions | 1–14 by exit reason | 15 guest | 16 host instructions | 17 tlb_one | 18 tlb_local | 19 tlb_remote
//                   | 20 ipis | 21 locked | 22 accesses | 23 interrupts |      rows: op 0 … n−1, no op, scope 0 … 63
import { immutableAlloc } from "../memory/arena";
import { config } from "./config";
import { Cpu, cpuAt, innermostOp } from "./cpu";
import { opCount } from "./ops";

export const COUNTERS: u32 = 24;
export const SCOPES_MAX: u32 = 64;
const ROW_BYTES: usize = COUNTERS * 8;
const SEEN: u32 = 9;

export let counting: bool = false;
let rows: usize = 0;
/** Counters of each vCPU when they were last looked at: SEEN × u64. */
const seen: usize = memory.data(576, 8);

export function costsCreate(): bool {
  rows = immutableAlloc((opCount() + 1 + SCOPES_MAX) * ROW_BYTES);
  return rows != 0;
}

/** Row of op 0 … n−1, n = outside ops, n + 1 + k = scope k. */
export function costRow(i: u32): usize {
  return rows + i * ROW_BYTES;
}

/** Starts (from zero) or stops counting. */
export function costsCount(on: bool): void {
  counting = on;
  if (!on) return;
  memory.fill(rows, 0, (opCount() + 1 + SCOPES_MAX) * ROW_BYTES);
  for (let i: u32 = 0; i < config.vcpus; i++) look(cpuAt(i), false);
}

/** Attributes what this vCPU did since it was last looked at; called before its innermost op or its scopes change. */
export function countChange(c: Cpu): void {
  if (counting) look(c, true);
}

/** Attributes everything: the schedule has ended. */
export function countSettle(): void {
  if (!counting) return;
  for (let i: u32 = 0; i < config.vcpus; i++) look(cpuAt(i), true);
}

function look(c: Cpu, add: bool): void {
  const v = c.vcpu;
  step(c, 0, 15, c.instructions, add);
  step(c, 1, 17, v.count_flush_one, add);
  step(c, 2, 18, v.count_flush_local, add);
  step(c, 3, 19, v.count_flush_remote, add);
  step(c, 4, 20, v.count_ipis, add);
  step(c, 5, 21, v.count_locked, add);
  step(c, 6, 22, v.count_accesses, add);
  step(c, 7, 23, v.count_interrupts, add);
}

function step(c: Cpu, slot: u32, counter: u32, now: u64, add: bool): void {
  const cell = seen + (c.index * SEEN + slot) * 8;
  if (add && now > load<u64>(cell)) countAdd(c, counter, now - load<u64>(cell));
  store<u64>(cell, now);
}

/** Adds to a counter of the innermost op and of every open scope. */
export function countAdd(c: Cpu, counter: u32, n: u64): void {
  if (!counting) return;
  const op = innermostOp(c);
  addTo(op < 0 ? opCount() : op, counter, n);
  for (let open = c.scopes; open; open &= open - 1) addTo(opCount() + 1 + <u32>ctz(open), counter, n);
}

function addTo(row: u32, counter: u32, n: u64): void {
  const cell = costRow(row) + (counter << 3);
  store<u64>(cell, load<u64>(cell) + n);
}

/** An exit of this vCPU. */
export function countExit(c: Cpu, reason: u32): void {
  if (!counting) return;
  countAdd(c, 0, 1);
  if (reason >= 1 && reason <= 14) countAdd(c, reason, 1);
}

/** Instructions of the host half on this CPU. */
export function countHost(c: Cpu, n: i64): void {
  if (counting) countAdd(c, 16, n);
}

export function counterName(i: u32): string {
  switch (i) {
    case 0: return "transitions";
    case 1: return "hypercall";
    case 2: return "insn";
    case 3: return "msr";
    case 4: return "io";
    case 5: return "exc";
    case 6: return "slat";
    case 7: return "intr_window";
    case 8: return "nmi_window";
    case 9: return "kick";
    case 10: return "triple_fault";
    case 11: return "bad_entry";
    case 12: return "eoi";
    case 13: return "icr";
    case 14: return "sipi";
    case 15: return "guest_instructions";
    case 16: return "host_instructions";
    case 17: return "tlb_one";
    case 18: return "tlb_local";
    case 19: return "tlb_remote";
    case 20: return "ipis";
    case 21: return "locked";
    case 22: return "accesses";
    default: return "interrupts";
  }
}
