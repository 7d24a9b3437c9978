// host.* accesses to machine memory by machine address. Stores go through the store buffer of the CPU the call runs on.
import { applyRmw } from "../machine/access";
import { HOST_DONE, HOST_RESTART, HOST_TRAP, memoryBase, memorySize } from "../engine/index";
import { frameOwner, machineBytes, Owner, physStore } from "../machine/frames";
import { sbDrainAll, sbLoad, sbStore } from "../machine/storebuffer";
import { Vcpu } from "../machine/vcpu";
import { markDirtyRange } from "../memory/arena";
import { Cpu } from "./cpu";
import { FAIL_ISOLATION, failBegin, failEnd } from "./failure";
import { HostOp } from "./imports";
import { hostInstance, hostThread } from "./link";
import { hostPoint } from "./points";
import { run } from "./run";
import { revokedWrite } from "./revoked";
import { put, putHex } from "./text";

const LOCK: u32 = 0x100;

/** Serves load8 … copy_out. An unlocked access has a step per aligned 8 bytes that it reads, then one per 8 that it writes. */
export function hostMemory(c: Cpu, id: u32, args: usize): i32 {
  if (id >= <u32>HostOp.copy_in) return hostCopy(c, id, args);
  const isModify = id >= <u32>HostOp.rmw;
  const ma = isModify ? load<u64>(args, 8) : load<u64>(args);
  const size: u32 = isModify ? 1 << ((load<u32>(args) >> 4) & 3) : 1 << (id & 3);
  for (;;) {
    if (!hostPoint(c, id, args)) return HOST_RESTART;
    if (!reachable(c, ma, size)) return HOST_RESTART;
    if (id >= <u32>HostOp.store8) revokedWrite(c, <u32>ma, size);
    if (isModify ? modify(c.vcpu, id, args, <u32>ma, size) : access(c.vcpu, id, args, <u32>ma, size)) break;
    run.hostProgress += 1;
  }
  run.hostProgress = 0;
  run.hostPart = 0;
  return HOST_DONE;
}

/** One step of a load or store; true when it was the last. run.hostPart keeps what a first step has loaded. */
function access(v: Vcpu, id: u32, args: usize, ma: u32, size: u32): bool {
  const room: u32 = 8 - (ma & 7);
  const first = size < room ? size : room;
  const isLoad = id < <u32>HostOp.store8;
  const value = isLoad ? 0 : load<u64>(args, 8);
  if (run.hostProgress == 0) {
    if (isLoad) run.hostPart = sbLoad(v, ma, first);
    else sbStore(v, ma, first, value & maskOf(first));
    if (first == size && isLoad) store<u64>(args, run.hostPart);
    return first == size;
  }
  const shift: u64 = first << 3;
  if (isLoad) store<u64>(args, run.hostPart | (sbLoad(v, ma + first, size - first) << shift));
  else sbStore(v, ma + first, size - first, (value >> shift) & maskOf(size - first));
  return true;
}

@inline
function maskOf(size: u32): u64 {
  return ~(<u64>0) >> (64 - (size << 3));
}

/** Machine memory that is not somebody else's; otherwise the host half ends with `isolation`. */
function reachable(c: Cpu, ma: u64, size: u32): bool {
  const last = ma + size - 1;
  if (last < machineBytes() && ma <= last && frameOwner(ma >> 12) != Owner.FOREIGN && frameOwner(last >> 12) != Owner.FOREIGN) return true;
  failBegin(FAIL_ISOLATION, -1, c, hostThread);
  put("the host half accessed machine address ");
  putHex(ma);
  put(ma < machineBytes() ? ", a frame of somebody else" : ", beyond machine memory");
  failEnd();
  return false;
}

/** One step of rmw or cmpxchg: the whole of it if locked, else the loads, then the stores. */
function modify(v: Vcpu, id: u32, args: usize, ma: u32, size: u32): bool {
  const code = load<u32>(args);
  const isRmw = id == <u32>HostOp.rmw;
  const room: u32 = 8 - (ma & 7);
  const first = size < room ? size : room;
  const locked = (code & LOCK) != 0 || (isRmw && (code & 15) == 0);
  if (locked) {
    sbDrainAll(v);
    v.count_locked += code & LOCK ? 1 : 0;
    run.hostPart = sbLoad(v, ma, size);
    physStore(ma, size, newValue(id, args, run.hostPart, size));
  } else if (modifyStep(v, id, args, ma, size, first)) return false;
  store<u64>(args, run.hostPart);
  return true;
}

/** One step of an unlocked one: the load of each part, then the store of each. True = more are to come. */
function modifyStep(v: Vcpu, id: u32, args: usize, ma: u32, size: u32, first: u32): bool {
  const parts: u32 = first == size ? 1 : 2;
  const second = (run.hostProgress & (parts - 1)) != 0;
  const at = second ? ma + first : ma;
  const length = second ? size - first : first;
  const shift: u64 = second ? first << 3 : 0;
  if (run.hostProgress < parts) run.hostPart |= sbLoad(v, at, length) << shift;
  else sbStore(v, at, length, (newValue(id, args, run.hostPart, size) >> shift) & maskOf(length));
  return run.hostProgress + 1 < parts << 1;
}

/** What rmw or cmpxchg writes. A failed compare writes the old value back. */
function newValue(id: u32, args: usize, old: u64, size: u32): u64 {
  if (id == <u32>HostOp.rmw) return applyRmw(load<u32>(args) & 15, old, load<u64>(args, 16), size) & maskOf(size);
  return old == (load<u64>(args, 16) & maskOf(size)) ? load<u64>(args, 24) & maskOf(size) : old;
}

/** copy_in, copy_out: one point per aligned 8 bytes; run.hostProgress counts the bytes done. */
function hostCopy(c: Cpu, id: u32, args: usize): i32 {
  const at = load<u32>(args);
  const ma = load<u64>(args, 8);
  const length = load<u32>(args, 16);
  if (<u64>at + length > <u64>memorySize(hostInstance)) return HOST_TRAP;
  const v = c.vcpu;
  while (run.hostProgress < length) {
    if (!hostPoint(c, id, args)) return HOST_RESTART;
    const from = ma + run.hostProgress;
    const room: u32 = 8 - (<u32>from & 7);
    const left = length - run.hostProgress;
    const bytes = left < room ? left : room;
    if (!reachable(c, from, bytes)) return HOST_RESTART;
    const cell = memoryBase(hostInstance) + at + run.hostProgress;
    if (id == <u32>HostOp.copy_in) {
      const value = sbLoad(v, <u32>from, bytes);
      for (let i: u32 = 0; i < bytes; i++) store<u8>(cell + i, <u8>(value >> (i << 3)));
      markDirtyRange(cell, bytes);
    } else {
      let value: u64 = 0;
      for (let i = bytes; i > 0; i--) value = (value << 8) | load<u8>(cell + i - 1);
      revokedWrite(c, <u32>from, bytes);
      sbStore(v, <u32>from, bytes, value);
    }
    run.hostProgress += bytes;
  }
  run.hostProgress = 0;
  return HOST_DONE;
}

