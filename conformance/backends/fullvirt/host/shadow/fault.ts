// Page faults: most are the shadow's own and are mended; writes to tables are emulated; the rest are the guest's.
import * as host from "../../../../sdk/as/host";
import { raisePageFault, reinject } from "../events";
import { isMemory } from "../frames";
import { countStuck, crash, finish, skip } from "../state";
import { ACCESS_FETCH, ACCESS_IMPLICIT, ACCESS_USER, ACCESS_WRITE } from "./entry";
import { makeRoom } from "./roots";
import { isTable, unshadow, wordsChanged } from "./tables";
import { walk, walkGpa, walkMachine } from "./walk";

/** Repetitions of one write to a table that cannot be emulated, after which the guest is given up. */
const STUCK_MAX: i32 = 8;
const LOCK: i32 = 0x100;

export function exitPageFault(vcpu: i32): i32 {
  const va = host.get(vcpu, host.FIELD_EXIT_GVA);
  const access = accessOf(vcpu);
  makeRoom();
  if (!walk(vcpu, va, access, true)) return raisePageFault(vcpu, va);
  const gfn = walkGpa >> 12;
  if (access & ACCESS_WRITE && isMemory(gfn) && isTable(gfn)) return writeTable(vcpu, gfn, access);
  countStuck(vcpu, false);
  return reinject(vcpu);
}

/** What faulted: the error code says it, but for accesses that the processor makes for itself. */
function accessOf(vcpu: i32): i32 {
  const error = <i32>host.get(vcpu, host.FIELD_EXIT_ERROR) & (ACCESS_WRITE | ACCESS_USER | ACCESS_FETCH);
  const delivering = host.get(vcpu, host.FIELD_INTERRUPTED_EVENT) != 0;
  const own = delivering || assist(vcpu) >= host.ACCESS_MFENCE;
  return own && !(error & (ACCESS_USER | ACCESS_FETCH)) ? error | ACCESS_IMPLICIT : error;
}

@inline
function assist(vcpu: i32): i32 {
  return <i32>host.get(vcpu, host.FIELD_EXIT_A) & 0xff;
}

/** Emulates the write; what cannot be emulated is repeated on a page that is writable because its shadows are gone. */
function writeTable(vcpu: i32, gfn: i64, access: i32): i32 {
  const size = access & ACCESS_IMPLICIT ? 0 : sizeOf(vcpu);
  if (size && (walkGpa & 0xfff) + size <= 4096 && !isSecondPart(vcpu)) return emulate(vcpu, gfn, size);
  if (countStuck(vcpu, true) > STUCK_MAX) return crash("a table in use was written by what cannot be emulated");
  unshadow(gfn);
  return reinject(vcpu);
}

/** Bytes that a store, rmw or cmpxchg writes; 0 for everything else. */
function sizeOf(vcpu: i32): i32 {
  const op = assist(vcpu);
  if (op >= host.ACCESS_STORE8 && op <= host.ACCESS_STORE64) return 1 << (op - host.ACCESS_STORE8);
  return op == host.ACCESS_RMW || op == host.ACCESS_CMPXCHG ? 1 << ((codeOf(vcpu) >> 4) & 3) : 0;
}

/** Operation, size and LOCK of rmw and cmpxchg. */
function codeOf(vcpu: i32): i32 {
  return <i32>(host.get(vcpu, host.FIELD_EXIT_A) >> 8) & 0xffff;
}

/** Whether the access began on the page before: its address is not the one that faulted. */
function isSecondPart(vcpu: i32): bool {
  return (host.get(vcpu, host.FIELD_EXIT_FLAGS) & 4) != 0;
}

function emulate(vcpu: i32, gfn: i64, size: i32): i32 {
  const ma = walkMachine();
  const op = assist(vcpu);
  const value = host.get(vcpu, host.FIELD_EXIT_B);
  const offset = <i32>(walkGpa & 0xfff);
  let old: i64 = 0;
  if (op == host.ACCESS_RMW) old = host.rmw(codeOf(vcpu) | LOCK, ma, value);
  else if (op == host.ACCESS_CMPXCHG)
    old = host.cmpxchg(codeOf(vcpu) | LOCK, ma, host.get(vcpu, host.FIELD_EXIT_GPA), value);
  else store(ma, size, value);
  wordsChanged(gfn, offset >> 3, (offset + size - 1) >> 3);
  countStuck(vcpu, false);
  return op >= host.ACCESS_RMW ? finish(vcpu, old) : skip(vcpu);
}

function store(ma: i64, size: i32, value: i64): void {
  if (size == 8) host.store64(ma, value);
  else if (size == 4) host.store32(ma, <i32>value);
  else if (size == 2) host.store16(ma, <i32>value);
  else host.store8(ma, <i32>value);
}
