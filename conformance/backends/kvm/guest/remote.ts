// Acting on other vCPUs: flush, interrupt, kick.
import { E_INVAL } from "../../../sdk/as/info";
import * as machine from "../../../sdk/as/machine";
import * as native from "../../../sdk/as/native";
import { apicIdOf, maskOf, percpuVa, self, vcpus } from "../../lib/info";
import { FLUSH_TLB, HC_KICK_CPU, HC_SEND_IPI, IPI_WINDOW, PREEMPTED, STEAL_PREEMPTED } from "../abi";
import { stealArea } from "./areas";

const CMPXCHG_8: i32 = machine.SIZE_8 | machine.LOCK;
const VECTOR_MIN: i32 = 16;
const VECTOR_MAX: i32 = 255;
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

/** One hypercall per window of 128 APIC ids, lowest id first. */
export function sendMask(mask_va: i64, vector: i32): i32 {
  if (vector < VECTOR_MIN || vector > VECTOR_MAX) return E_INVAL;
  let rest = maskOf(mask_va);
  while (rest) {
    const first = lowestId(rest);
    let low: u64 = 0;
    let high: u64 = 0;
    for (let i = 0; i < vcpus; i++) {
      const id = apicIdOf(i) - first;
      if (!(rest & ((<u64>1) << i)) || id >= IPI_WINDOW) continue;
      if (id < 64) low |= (<u64>1) << id;
      else high |= (<u64>1) << (id - 64);
      rest &= ~((<u64>1) << i);
    }
    if (hypercall(HC_SEND_IPI, low, high, first, vector) < 0) return native.ipi_send_mask(mask_va, vector);
  }
  return 0;
}

function lowestId(mask: u64): i32 {
  let lowest = i32.MAX_VALUE;
  for (let i = 0; i < vcpus; i++) if (mask & ((<u64>1) << i)) lowest = min(lowest, apicIdOf(i));
  return lowest;
}

export function kick(vcpu: i32): void {
  if (<u32>vcpu < <u32>vcpus) hypercall(HC_KICK_CPU, 0, apicIdOf(vcpu), 0, 0);
}

function hypercall(nr: i64, a: i64, b: i64, c: i64, d: i64): i64 {
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
