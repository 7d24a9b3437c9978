// The real root of each vCPU: the shadow of the table that the guest's CR3 names.
import * as host from "../../../../sdk/as/host";
import { CR0, CR4, vcpus, VCPUS_MAX, word } from "../state";
import {
  CR0_WP,
  CR4_SMEP,
  EFER_NXE,
  FRAME,
  ROLE_ALL,
  ROLE_NO_WP,
  ROLE_NXE,
  ROLE_SMEP,
} from "./entry";
import { flushAll, stopOthers } from "./flush";
import { canWalk, countActive, KIND_TABLE, rootAddress, shadowOf, tablesForget } from "./tables";

/** Shadow root of each vCPU, 0 = none. */
const roots: usize = memory.data(8);

@inline
export function rootOf(vcpu: i32): i32 {
  return load<u8>(roots + vcpu);
}

/** What the guest's control registers make of permissions: tables are shadowed apart for each. */
export function modeOf(vcpu: i32): i32 {
  const smep = (word(vcpu, CR4) & CR4_SMEP) != 0;
  let role = host.get(vcpu, host.FIELD_EFER) & EFER_NXE ? ROLE_NXE : 0;
  if (!(word(vcpu, CR0) & CR0_WP)) role |= ROLE_NO_WP | (smep ? ROLE_SMEP : 0);
  return role;
}

/** Makes the root that CR3 and the control registers ask for the real one, and drops what the vCPU remembers. */
export function loadRoot(vcpu: i32): void {
  makeRoom();
  useRoot(vcpu);
}

function useRoot(vcpu: i32): void {
  const gfn = (host.get(vcpu, host.FIELD_CR3) & FRAME) >> 12;
  const sp = shadowOf(gfn, 4, ROLE_ALL | modeOf(vcpu), KIND_TABLE);
  countActive(sp, 1);
  if (rootOf(vcpu)) countActive(rootOf(vcpu), -1);
  store<u8>(roots + vcpu, <u8>sp);
  host.set(vcpu, host.FIELD_HW_ROOT, rootAddress(sp));
  flushAll(vcpu);
}

/** The vCPU is off: its root is nobody's. */
export function dropRoot(vcpu: i32): void {
  if (rootOf(vcpu)) countActive(rootOf(vcpu), -1);
  store<u8>(roots + vcpu, 0);
}

/** Sees to it that there is room for one more walk, if need be by beginning afresh for everybody. */
export function makeRoom(): void {
  if (canWalk()) return;
  stopOthers();
  tablesForget();
  for (let vcpu = 0; vcpu < vcpus && vcpu < VCPUS_MAX; vcpu++) {
    if (!rootOf(vcpu)) continue;
    store<u8>(roots + vcpu, 0);
    useRoot(vcpu);
  }
}
