// What the instruction at a point does that others could notice. Computed before it executes, while searching.
//
//   A switch away is worth trying only before a visible instruction: what nobody else touches commutes with everything.
//   A store is not visible when it executes: it enters the store buffer, and draining is a choice of its own.
import { quadCount, quadsRead } from "../machine/descriptors";
import { MachineOp } from "../machine/ops";
import { sbAddress, sbCount } from "../machine/storebuffer";
import { tlbLookup, tlbMa } from "../machine/tlb";
import { translateOnly, walkedCount, walkedEntries } from "../machine/translate";
import { tlbOf, Vcpu } from "../machine/vcpu";
import { Cpu } from "./cpu";
import { HostOp } from "./imports";
import { bufferConflicts, lineConflicts, lineTouch, tableTouch } from "./lines";
import { HOST_POINT } from "./points";
import { run } from "./run";

/** Machine address of the access, 0 = none or unknown. */
export let pointMa: u32 = 0;
export let pointWrites: bool = false;
/** Others could notice when it executes. */
export let pointVisible: bool = false;
/** It puts a store into the buffer that others could notice once it drains: they may come next. */
export let pointBuffers: bool = false;
/** The host half on the same CPU could: worth a steal. */
export let pointStealable: bool = false;
/** It walks page tables: any waiting store of others may be an entry. */
export let pointWalks: bool = false;
/** It drains the own store buffer. */
export let pointDrains: bool = false;
/** Slot of the TLB entry it uses, -1 = none. */
export let pointSlot: i32 = -1;
let agent: u32 = 0;

const LOCK: u64 = 0x100;

/** Looks at instruction `id` (HOST_POINT set: of the host half) of this CPU. */
export function inspect(c: Cpu, id: u32, args: usize): void {
  pointMa = 0;
  pointWrites = false;
  pointVisible = true;
  pointStealable = true;
  pointBuffers = false;
  pointWalks = false;
  pointDrains = false;
  pointSlot = -1;
  if (id & HOST_POINT) inspectHost(c, id & ~HOST_POINT, args);
  else if (id < <u32>MachineOp.mfence) inspectAccess(c, id, args);
  else inspectInstruction(c, id);
}

function inspectAccess(c: Cpu, id: u32, args: usize): void {
  const isModify = id == <u32>MachineOp.rmw || id == <u32>MachineOp.cmpxchg;
  const hasPointer = isModify || id == <u32>MachineOp.copy_in || id == <u32>MachineOp.copy_out;
  let va = load<u64>(args, 0);
  if (hasPointer) va = load<u64>(args, 8);
  if (id == <u32>MachineOp.fill) va += c.vcpu.progress << 3;
  else if (hasPointer && !isModify) va += c.vcpu.progress;
  locate(c, va);
  agent = 1 << c.index;
  pointWrites = isModify || (id >= <u32>MachineOp.store8 && id != <u32>MachineOp.copy_in);
  pointDrains = isModify && ((load<u64>(args) & LOCK) != 0 || (id == <u32>MachineOp.rmw && (load<u64>(args) & 15) == 0));
  if (!pointMa) return;
  judge(c, isModify);
}

/** Sets pointVisible and pointStealable of an access to pointMa. */
function judge(c: Cpu, isModify: bool): void {
  const mine: u32 = 0x101 << c.index;
  const plainStore = pointWrites && !isModify;
  pointBuffers = plainStore && lineConflicts(pointMa, mine, true);
  const drainsSomething = pointDrains && bufferConflicts(c.vcpu, mine);
  pointVisible = pointWalks || drainsSomething || (!plainStore && lineConflicts(pointMa, mine, pointWrites));
  pointStealable = pointVisible || lineConflicts(pointMa, agent, pointWrites);
}

/** Whether the host half on this CPU has written what the access touches. */
export function pointMeetsHost(cpu: u32): bool {
  return pointMa != 0 && lineConflicts(pointMa, ~(<u32>0x100 << cpu), false);
}

/** Finds the machine address without any effect. */
function locate(c: Cpu, va: u64): void {
  const v = c.vcpu;
  const entry = tlbLookup(v, va);
  if (entry) {
    pointMa = tlbMa(entry) | (<u32>va & 0xfff);
    pointSlot = <i32>((entry - tlbOf(v)) >> 4);
    return;
  }
  const ma = translateOnly(v, va, 0);
  pointWalks = true;
  if (ma >= 0) pointMa = <u32>ma;
}

/** Whether the entry that the access would use is stale: evicting it then makes a difference. */
export function inspectStale(c: Cpu, va: u64): bool {
  const ma = translateOnly(c.vcpu, va, 0);
  return pointSlot >= 0 && (ma < 0 || <u32>ma != pointMa);
}

function inspectInstruction(c: Cpu, id: u32): void {
  const mine: u32 = 0x101 << c.index;
  switch (id) {
    case MachineOp.sfence:
    case MachineOp.lfence:
    case MachineOp.pause:
      pointVisible = false;
      pointStealable = false;
      return;
    case MachineOp.mfence:
    case MachineOp.iret:
    case MachineOp.lgdt:
    case MachineOp.lidt:
    case MachineOp.lldt:
    case MachineOp.ltr:
      pointDrains = true;
      pointVisible = bufferConflicts(c.vcpu, mine);
      pointStealable = pointVisible;
      return;
    default:
      pointDrains = id != <u32>MachineOp.cli && id != <u32>MachineOp.sti && id != <u32>MachineOp.rdtsc;
  }
}

function inspectHost(c: Cpu, id: u32, args: usize): void {
  pointStealable = false;
  if (id == <u32>HostOp.mfence) {
    pointDrains = true;
    pointVisible = bufferConflicts(c.vcpu, 0x101 << c.index);
    return;
  }
  if (id > <u32>HostOp.mfence) return;
  const hasPointer = id >= <u32>HostOp.rmw;
  const isModify = id == <u32>HostOp.rmw || id == <u32>HostOp.cmpxchg;
  pointMa = <u32>(hasPointer ? load<u64>(args, 8) : load<u64>(args));
  if (id == <u32>HostOp.copy_in || id == <u32>HostOp.copy_out) pointMa += run.hostProgress;
  pointWrites = isModify || (id >= <u32>HostOp.store8 && id != <u32>HostOp.copy_in);
  pointDrains = isModify && ((load<u64>(args) & LOCK) != 0 || (id == <u32>HostOp.rmw && (load<u64>(args) & 15) == 0));
  agent = 0x100 << c.index;
  if (pointMa) judge(c, isModify);
  pointStealable = false;
}

/** The instruction executes now: its access is learnt, and the entries that its walk reads. */
export function learn(): void {
  if (pointWalks) for (let i: u32 = 0; i < walkedCount; i++) lineTouch(load<u32>(walkedEntries + (i << 2)), agent, false);
  if (pointMa) lineTouch(pointMa, agent, pointWrites);
}

/** What a delivery has read of the IDT, GDT and TSS is an access of the vCPU like any other. */
export function learnDelivery(c: Cpu): void {
  for (let i: u32 = 0; i < quadCount; i++) tableTouch(load<u32>(quadsRead + (i << 2)), c.index);
}

/** Whether a store that waits in the other's buffer is to a page that a delivery to this CPU reads: its IDT, GDT or TSS. */
export function tablesWait(c: Cpu, other: Cpu): bool {
  const n = sbCount(other.vcpu);
  if (n == 0 || other.index == c.index) return false;
  const v = c.vcpu;
  const idt = frameOf(v, v.idt_base);
  const gdt = frameOf(v, v.gdt_base);
  const tss = frameOf(v, v.tss_base);
  for (let i: u32 = 0; i < n; i++) {
    const frame = sbAddress(other.vcpu, i) >>> 12;
    if (frame == idt || frame == gdt || frame == tss) return true;
  }
  return false;
}

/** Frame that a va is mapped to; that of address 0, which holds no table, if it is not. */
function frameOf(v: Vcpu, va: u64): u32 {
  const ma = translateOnly(v, va, 0);
  return ma < 0 ? 0 : <u32>ma >>> 12;
}
