// What the instruction at a point does that others could notice. Computed before it executes, while searching.
//
//   A switch away is worth trying only before a visible instruction: what nobody else touches commutes with everything.
//   A store is not visible when it executes: it enters the store buffer, and draining is a choice of its own.
import { startupFrame } from "../machine/apic";
import { IMPLICIT_TABLE, IMPLICIT_WRITE, implicitAt, implicitCount, implicitForget } from "../machine/implicit";
import { MachineOp } from "../machine/ops";
import { sbAddress, sbCount } from "../machine/storebuffer";
import { tlbLookup, tlbMa } from "../machine/tlb";
import { translateOnly, walkedCount, walkedEntries, walkedForget } from "../machine/translate";
import { tlbOf, Vcpu } from "../machine/vcpu";
import { Cpu } from "./cpu";
import { HostOp } from "./imports";
import { bufferConflicts, bufferHoldsFrame, lineConflicts, lineTouch, tablesShared, tableTouch } from "./lines";
import { HOST_POINT, WALK_POINT } from "./points";
import { run } from "./run";

/** Machine address of the access, 0 = none or unknown. */
export let pointMa: u32 = 0;
/** Machine address of the second line that a locked access across 8 aligned bytes touches in the same step, 0 = none. */
export let pointMa2: u32 = 0;
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
/** It reads tables, or a frame or code at pointVa, beside an operand. */
export let pointImplicit: bool = false;
let pointVa: u64 = 0;
let agent: u32 = 0;

const LOCK: u64 = 0x100;

/** Looks at instruction `id` (HOST_POINT set: of the host half) of this CPU. */
export function inspect(c: Cpu, id: u32, args: usize): void {
  pointMa = 0;
  pointMa2 = 0;
  pointImplicit = false;
  pointWrites = false;
  pointVisible = true;
  pointStealable = true;
  pointBuffers = false;
  pointWalks = false;
  pointDrains = false;
  pointSlot = -1;
  if (id == WALK_POINT) inspectWalk();
  else if (id & HOST_POINT) inspectHost(c, id & ~HOST_POINT, args);
  else if (id < <u32>MachineOp.mfence) inspectAccess(c, id, args);
  else inspectInstruction(c, id, args);
}

function inspectAccess(c: Cpu, id: u32, args: usize): void {
  const isModify = id == <u32>MachineOp.rmw || id == <u32>MachineOp.cmpxchg;
  const hasPointer = isModify || id == <u32>MachineOp.copy_in || id == <u32>MachineOp.copy_out;
  let va = load<u64>(args, 0);
  if (hasPointer) va = load<u64>(args, 8);
  if (id == <u32>MachineOp.fill) va += c.vcpu.progress << 3;
  else if (hasPointer && !isModify) va += c.vcpu.progress;
  agent = 1 << c.index;
  pointWrites = isModify || (id >= <u32>MachineOp.store8 && id != <u32>MachineOp.copy_in);
  pointDrains = isModify && ((load<u64>(args) & LOCK) != 0 || (id == <u32>MachineOp.rmw && (load<u64>(args) & 15) == 0));
  const isCopy = hasPointer && !isModify;
  locateStep(c, va, isCopy ? 1 : sizeOf(id, args), pointDrains);
  if (!pointMa) return;
  judge(c, isModify);
}

/** Bytes of a guest's access. */
@inline
function sizeOf(id: u32, args: usize): u32 {
  if (id == <u32>MachineOp.fill) return 8;
  if (id >= <u32>MachineOp.rmw) return 1 << ((load<u32>(args) >> 4) & 3);
  return 1 << (id & 3);
}

/** Finds what the step that is next touches: of an access across 8 aligned bytes each part is one, unless it is locked. */
function locateStep(c: Cpu, va: u64, size: u32, locked: bool): void {
  const v = c.vcpu;
  const crosses = (<u32>va & 7) + size > 8;
  if (v.phase != 0) {
    pointMa = crosses && v.phase != 2 ? v.part_ma1 : v.part_ma0;
    return;
  }
  const second = (va | 7) + 1;
  const crossesPage = crosses && (second & 0xfff) == 0;
  if (crossesPage) locateSecond(c, second, locked);
  locate(c, va);
  if (crosses && !crossesPage && locked && pointMa) pointMa2 = (pointMa | 7) + 1;
}

/** The first step also translates the page of the second part. */
function locateSecond(c: Cpu, va: u64, locked: bool): void {
  locate(c, va);
  if (pointWalks) learnWalk();
  if (locked) pointMa2 = pointMa;
  pointMa = 0;
  pointSlot = -1;
}

/** Sets pointVisible and pointStealable of an access to pointMa. */
function judge(c: Cpu, isModify: bool): void {
  const mine: u32 = 0x101 << c.index;
  const plainStore = pointWrites && !isModify;
  pointBuffers = plainStore && lineConflicts(pointMa, mine, true);
  const drainsSomething = pointDrains && bufferConflicts(c.vcpu, mine);
  pointVisible = pointWalks || drainsSomething || (!plainStore && conflicts(mine));
  pointStealable = pointVisible || conflicts(agent);
}

/** Whether accesses by others than `mine` conflict with what the step touches. */
@inline
function conflicts(mine: u32): bool {
  return lineConflicts(pointMa, mine, pointWrites) || (pointMa2 != 0 && lineConflicts(pointMa2, mine, pointWrites));
}

/** Whether the host half on this CPU has written what the access touches. */
export function pointMeetsHost(cpu: u32): bool {
  const mine = ~(<u32>0x100 << cpu);
  return pointMa != 0 && (lineConflicts(pointMa, mine, false) || (pointMa2 != 0 && lineConflicts(pointMa2, mine, false)));
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

function inspectInstruction(c: Cpu, id: u32, args: usize): void {
  const mine: u32 = 0x101 << c.index;
  switch (id) {
    case MachineOp.sfence:
    case MachineOp.lfence:
    case MachineOp.pause:
      pointVisible = false;
      pointStealable = false;
      return;
    case MachineOp.mfence:
    case MachineOp.lgdt:
    case MachineOp.lidt:
      pointDrains = true;
      pointVisible = bufferConflicts(c.vcpu, mine);
      pointStealable = pointVisible;
      return;
    case MachineOp.iret:
    case MachineOp.lldt:
    case MachineOp.ltr:
      pointDrains = true;
      pointImplicit = true;
      pointVa = id == <u32>MachineOp.iret ? load<u64>(args) : c.vcpu.gdt_base;
      pointVisible = bufferConflicts(c.vcpu, mine) || tablesShared(c.index) || (id == <u32>MachineOp.iret && frameConflicts(c, mine));
      pointStealable = pointVisible;
      return;
    case MachineOp.exec:
    case MachineOp.int:
      pointImplicit = true;
      pointVa = id == <u32>MachineOp.exec ? load<u64>(args) : c.vcpu.idt_base;
      pointDrains = true;
      return;
    default:
      pointDrains = id != <u32>MachineOp.cli && id != <u32>MachineOp.sti && id != <u32>MachineOp.rdtsc;
  }
}

/** Whether others write the frame, five words at pointVa, that an iret reads. */
function frameConflicts(c: Cpu, mine: u32): bool {
  for (let i: u32 = 0; i < FRAME_BYTES; i += 8) {
    const ma = translateOnly(c.vcpu, pointVa + i, 0);
    if (ma >= 0 && lineConflicts(<u32>ma, mine, false)) return true;
  }
  return false;
}

/** The walks of deliveries and transfers note what they read themselves. */
function inspectWalk(): void {
  walkedForget();
  pointWalks = true;
  pointStealable = false;
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
  const isCopy = hasPointer && !isModify;
  if (!isCopy && (pointMa & 7) + (isModify ? 1 << ((load<u32>(args) >> 4) & 3) : 1 << (id & 3)) > 8) {
    if (pointDrains) pointMa2 = (pointMa | 7) + 1;
    else if (run.hostProgress & 1) pointMa = (pointMa | 7) + 1;
  }
  agent = 0x100 << c.index;
  if (pointMa) judge(c, isModify);
  pointStealable = false;
}

/** The instruction executes now: its access is learnt, and the entries that its walk reads. */
export function learn(): void {
  if (pointWalks) learnWalk();
  if (pointMa) lineTouch(pointMa, agent, pointWrites);
  if (pointMa2) lineTouch(pointMa2, agent, pointWrites);
}

function learnWalk(): void {
  for (let i: u32 = 0; i < walkedCount; i++) lineTouch(load<u32>(walkedEntries + (i << 2)), agent, false);
}

/** What an instruction or a delivery has touched beside its operand is an access of the vCPU like any other. */
export function learnImplicit(c: Cpu): void {
  for (let i: u32 = 0; i < implicitCount; i++) {
    const note = implicitAt(i);
    if (note & IMPLICIT_TABLE) tableTouch(note & ~(<u32>7), c.index);
    else lineTouch(note & ~(<u32>7), 1 << c.index, (note & IMPLICIT_WRITE) != 0);
  }
  implicitForget();
}

/** Whether a store that waits in the other's buffer is to what the instruction at this point reads beside its operand. */
export function implicitWaits(c: Cpu, other: Cpu): bool {
  if (!pointImplicit || !sbCount(other.vcpu)) return false;
  const last = frameOf(c.vcpu, pointVa + FRAME_BYTES - 1);
  return tablesWait(c, other) || bufferHoldsFrame(other.vcpu, frameOf(c.vcpu, pointVa)) || bufferHoldsFrame(other.vcpu, last);
}

/** Bytes of an IRET frame. */
const FRAME_BYTES: u32 = 40;

/** Whether a store that waits in the other's buffer is to a page that a delivery to this CPU reads: its IDT, GDT or TSS; or where it starts. */
export function tablesWait(c: Cpu, other: Cpu): bool {
  if (sbCount(other.vcpu) == 0 || other.index == c.index) return false;
  const v = c.vcpu;
  if (v.startup_pending) return bufferHoldsFrame(other.vcpu, startupFrame(v));
  const idt = frameOf(v, v.idt_base);
  const gdt = frameOf(v, v.gdt_base);
  const tss = frameOf(v, v.tss_base);
  return bufferHoldsFrame(other.vcpu, idt) || bufferHoldsFrame(other.vcpu, gdt) || bufferHoldsFrame(other.vcpu, tss);
}

/** Frame that a va is mapped to; that of address 0, which holds no table, if it is not. */
function frameOf(v: Vcpu, va: u64): u32 {
  const ma = translateOnly(v, va, 0);
  return ma < 0 ? 0 : <u32>ma >>> 12;
}
