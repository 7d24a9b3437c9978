// Acting on other vCPUs: flush, interrupt, kick.
import { E_INVAL } from "../../../sdk/as/info";
import * as machine from "../../../sdk/as/machine";
import * as native from "../../../sdk/as/native";
import { apicIdOf, maskOf, percpuVa, self, vcpus } from "../../lib/info";
import { FLUSH_TLB, HC_KICK_CPU, HC_SCHED_YIELD, HC_SEND_IPI, IPI_WINDOW, PREEMPTED, STEAL_PREEMPTED } from "../abi";
import { stealArea } from "./areas";

const CMPXCHG_8: i32 = machine.SIZE_8 | machine.LOCK;
const FLAGS_KNOWN: i32 = 1;
const MASK_BYTES: i32 = 32;
const MASKS: i32 = 16;

/** Masks in use. Handlers that call ops nest, so what they take they have given back when the interrupted op goes on. */
let masks: i32 = 0;

/**
 * A preempted vCPU flushes before its next guest instruction if FLUSH_TLB is in its byte when the host takes it; the
 * compare fails if the host was faster. All others flush by interrupt.
 */
export function flushMulti(mask_va: i64, start: i64, end: i64, flags: i32): i32 {
  if (flags & ~FLAGS_KNOWN) return E_INVAL;
  const mask = maskOf(mask_va);
  let rest = mask;
  for (let i = 0; i < vcpus; i++) {
    const bit = (<u64>1) << i;
    if (i != self && mask & bit && deferFlush(stealArea(i) + STEAL_PREEMPTED)) rest &= ~bit;
  }
  if (!rest) return 0;
  if (rest == mask || masks == MASKS) return native.mmu_flush_tlb_multi(mask_va, start, end, flags);
  const at = percpuVa + masks * MASK_BYTES;
  masks += 1;
  machine.fill(at + 8, 0, 3);
  machine.store64(at, rest);
  const result = native.mmu_flush_tlb_multi(at, start, end, flags);
  masks -= 1;
  return result;
}

function deferFlush(at: i64): bool {
  const seen = machine.load8(at);
  if (!(seen & PREEMPTED)) return false;
  return <i32>machine.cmpxchg(CMPXCHG_8, at, seen, seen | FLUSH_TLB) == seen;
}

/** Members of a mask that are up. */
export function upOf(mask: u64): u64 {
  let up: u64 = 0;
  for (let rest = mask; rest; rest &= rest - 1) if (native.smp_is_up(<i32>ctz(rest)) == 1) up |= rest & (~rest + 1);
  return up;
}

/**
 * Sends an ICR command (vector and delivery mode) to a set. Ids come in the order of the indices, so a window grows in both
 * directions; an id that fits at neither end goes into the next window. False: the host refused.
 */
export function sendCommand(targets: u64, command: i32): bool {
  // APIC ids first … last; bit i of high:low names id first + i.
  let first = 0;
  let last = -1;
  let low: u64 = 0;
  let high: u64 = 0;
  for (let rest = targets; rest; rest &= rest - 1) {
    const id = apicIdOf(<i32>ctz(rest));
    if (last < 0) {
      first = last = id;
      low = high = 0;
    } else if (id < first && last - id < IPI_WINDOW) {
      const by = <u64>(first - id);
      high = by < 64 ? (high << by) | (low >> (64 - by)) : low << (by - 64);
      low = by < 64 ? low << by : 0;
      first = id;
    } else if (id > first && id < first + IPI_WINDOW) {
      last = max(last, id);
    } else {
      if (hypercall(HC_SEND_IPI, low, high, first, command) < 0) return false;
      first = last = id;
      low = high = 0;
    }
    if (id - first < 64) low |= (<u64>1) << (id - first);
    else high |= (<u64>1) << (id - first - 64);
  }
  return last < 0 || hypercall(HC_SEND_IPI, low, high, first, command) >= 0;
}

export function kick(vcpu: i32): void {
  if (<u32>vcpu < <u32>vcpus) hypercall(HC_KICK_CPU, 0, apicIdOf(vcpu), 0, 0);
}

/** A target that does not wait for a processor gets nothing from a yield; the host looks at that. */
export function yieldTo(vcpu: i32): void {
  if (vcpu != self && <u32>vcpu < <u32>vcpus) hypercall(HC_SCHED_YIELD, apicIdOf(vcpu), 0, 0, 0);
}

export function isPreempted(vcpu: i32): i32 {
  if (vcpu == self || <u32>vcpu >= <u32>vcpus) return 0;
  return machine.load8(stealArea(vcpu) + STEAL_PREEMPTED) & PREEMPTED;
}

export function hypercall(nr: i64, a: i64, b: i64, c: i64, d: i64): i64 {
  machine.set_reg(machine.RAX, nr);
  machine.set_reg(machine.RBX, a);
  machine.set_reg(machine.RCX, b);
  machine.set_reg(machine.RDX, c);
  machine.set_reg(machine.RSI, d);
  machine.vmcall();
  return machine.reg(machine.RAX);
}

/** Code that a kernel may call with its own number and arguments in the registers. */
export function enterHost(_argument: i64): void {
  machine.vmcall();
}
