// The guest's memory by its own addresses, as instructions that this host half emulates see it.
import * as host from "../../../../sdk/as/host";
import { raisePageFault } from "../events";
import { isMemory } from "../frames";
import { ACCESS_IMPLICIT, ACCESS_USER, ACCESS_WRITE } from "./entry";
import { isTable, wordsChanged } from "./tables";
import { walk, walkGpa, walkMachine } from "./walk";

/** Value of the last read that succeeded. */
export let guestValue: i64 = 0;

/** Reads 8 bytes at va; false when a page fault has been raised. `system`: for the processor itself, whatever the CPL. */
export function readGuest(vcpu: i32, va: i64, system: bool): bool {
  const access = system ? ACCESS_IMPLICIT : host.get(vcpu, host.FIELD_CPL) == 3 ? ACCESS_USER : 0;
  const inPage = 4096 - <i32>(va & 0xfff);
  if (!walk(vcpu, va, access, false)) return fail(vcpu, va);
  if (inPage >= 8) {
    guestValue = isMemory(walkGpa >> 12) ? host.load64(walkMachine()) : -1;
    return true;
  }
  const low = bytes(inPage);
  if (!walk(vcpu, va + inPage, access, false)) return fail(vcpu, va + inPage);
  guestValue = low | (bytes(8 - inPage) << (<i64>inPage << 3));
  return true;
}

function bytes(count: i32): i64 {
  let value: i64 = 0;
  for (let i = count - 1; i >= 0; i--) {
    value = (value << 8) | (isMemory(walkGpa >> 12) ? <i64>host.load8(walkMachine() + i) : 0xff);
  }
  return value;
}

/** Writes 8 aligned bytes at va for the processor itself; false when a page fault has been raised. */
export function writeGuest(vcpu: i32, va: i64, value: i64): bool {
  if (!walk(vcpu, va, ACCESS_WRITE | ACCESS_IMPLICIT, false)) return fail(vcpu, va);
  const gfn = walkGpa >> 12;
  if (!isMemory(gfn)) return true;
  host.store64(walkMachine(), value);
  const index = <i32>(walkGpa & 0xfff) >> 3;
  if (isTable(gfn)) wordsChanged(gfn, index, index);
  return true;
}

function fail(vcpu: i32, va: i64): bool {
  raisePageFault(vcpu, va);
  return false;
}
