/** init.*: version, features and the user's veto. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { percpuDigest, revokeAreas, sharedDigest } from "../lib/areas";
import { finish, me, steal, vcpus } from "../lib/case";
import { atLeast, holds, same } from "../lib/expect";
import {
  allDelivered,
  boundaries,
  END_NOT,
  endServiceBy,
  FIRST_VECTOR,
  faults,
  interruptsOn,
  raise,
  surviveUndefined,
  taken,
  waitTaken,
} from "../lib/interrupts";
import { mask, post, see, word } from "../lib/memory";
import { content, entry, leaf, mapAndTouch, page, touch } from "../lib/paging";
import { runAsUser } from "../lib/user";

const FEATURES: i32 = 0;
const HINTS: i32 = 1;
const PRIVILEGES: i32 = 2;

export function init_version_number(): void {
  same(C.init_version_1, "major version", pvi.init_version() >>> 16, pvi.PVI_VERSION >>> 16);
}

export function init_version_everywhere(role: i32): void {
  post(role, pvi.init_version());
  finish();
  for (let other = 0; other < 4; other++)
    same(C.init_version_2, "version on another vCPU", see(other), pvi.init_version());
}

export function init_features_defined_bits(): void {
  same(C.init_features_1, "undefined feature bits", pvi.init_features(FEATURES) & ~info.FEATURES_DEFINED, 0);
  same(C.init_features_1, "undefined hint bits", pvi.init_features(HINTS) & ~info.HINTS_DEFINED, 0);
  same(C.init_features_1, "undefined privilege bits", pvi.init_features(PRIVILEGES) & ~info.PRIVILEGES_DEFINED, 0);
  same(C.init_features_2, "result for selector 3", pvi.init_features(3), 0);
  same(C.init_features_2, "result for selector -1", pvi.init_features(-1), 0);
  same(C.init_features_2, "result for selector 256", pvi.init_features(0x100), 0);
}

export function init_features_everywhere(role: i32): void {
  post(role, pvi.init_features(FEATURES));
  finish();
  for (let other = 0; other < 4; other++)
    same(C.init_features_3, "features of another vCPU", see(other), pvi.init_features(FEATURES));
}

export function init_features_veto(): void {
  const veto = test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK;
  for (let bit: i64 = 1; bit < 64; bit <<= 1) {
    machine.store64(veto, ~bit);
    same(C.init_features_4, "a vetoed feature bit", pvi.init_features(FEATURES) & bit, 0);
  }
  machine.store64(veto, 0);
  same(C.init_features_4, "features when all are vetoed", pvi.init_features(FEATURES), 0);
}

/** With everything vetoed on vCPU 0 its ops must still keep their promises, by native means. */
export function init_features_fallback(role: i32): void {
  if (role === 0) {
    machine.store64(test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK, 0);
    pvi.init_features(FEATURES);
    steal(me(), 20_000);
    same(C.init_features_5, "stolen ns with the feature vetoed", pvi.time_steal_clock(me()), 0);
    pvi.mmu_set_pte(entry(1), leaf(0));
    test.barrier(3);
    test.barrier(4);
    pvi.mmu_set_pte(entry(1), leaf(1));
    same(
      C.init_features_5,
      "result of a flush with the feature vetoed",
      pvi.mmu_flush_tlb_multi(mask(4), page(1), page(2), 0),
      0,
    );
    same(C.init_features_5, "result of an IPI with the feature vetoed", pvi.ipi_send_mask(mask(4), FIRST_VECTOR), 0);
  } else {
    test.barrier(3);
    mapAndTouch(2, 2);
    touch(1);
    test.barrier(4);
    waitTaken(FIRST_VECTOR, 1);
    same(C.init_features_5, "content of the flushed page", touch(1), content(1));
  }
}

/** What the manifests of both halves declare is there, unless the user forbids it. */
export function init_features_declared(): void {
  const declared = test.param(test.TEST_PARAM_FEATURES_DECLARED);
  same(C.init_features_6, "declared features that are reported", pvi.init_features(FEATURES) & declared, declared);
}

/** Bit 31 of CPUID leaf 1 ECX: a hypervisor is there. */
const ECX_HYPERVISOR: i64 = 1 << 31;

export function init_detect_needs_bit(): void {
  machine.cpuid(1, 0);
  const bit = (machine.reg(machine.RCX) & ECX_HYPERVISOR) !== 0;
  const found = pvi.init_detect();
  same(C.init_detect_1, "result, 0 without the hypervisor bit", found, bit ? found : 0);
}

export function init_detect_leaves_no_trace(): void {
  const shared = sharedDigest();
  pvi.init_detect();
  same(C.init_detect_2, "faults", faults(), 0);
  holds(C.init_detect_2, "interrupts are still enabled", interruptsOn(me()));
  pvi.irq_disable();
  pvi.init_detect();
  holds(C.init_detect_2, "interrupts are still disabled", !interruptsOn(me()));
  const after = sharedDigest();
  same(C.init_detect_2, "digest of the shared pages", after, shared);
}

export function init_detect_everywhere(role: i32): void {
  post(role, pvi.init_detect());
  finish();
  for (let other = 0; other < 4; other++)
    same(C.init_detect_3, "result on another vCPU", see(other), pvi.init_detect());
}

export function init_detect_absent(): void {
  const features = pvi.init_features(FEATURES);
  const mostly = pvi.init_detect() === 0 ? info.FEATURE_CLOCK_STABLE : features;
  same(C.init_detect_4, "features that need the hypervisor", features & ~mostly, 0);
}

export function init_relocate_pure(role: i32): void {
  const count = test.param(test.TEST_PARAM_OPS);
  let first: i64 = 0;
  for (let op = 0; op < count; op++) first = first * 31 + pvi.init_relocate(op);
  let second: i64 = 0;
  for (let op = 0; op < count; op++) second = second * 31 + pvi.init_relocate(op);
  same(C.init_relocate_1, "digest of all answers, asked again", second, first);
  post(role, first);
  finish();
  for (let other = 0; other < 4; other++) same(C.init_relocate_1, "digest on another vCPU", see(other), first);
}

export function init_relocate_beyond(): void {
  const count = <i32>test.param(test.TEST_PARAM_OPS);
  same(C.init_relocate_2, "answer for the first number beyond", pvi.init_relocate(count), info.RELOCATE_NONE);
  same(C.init_relocate_2, "answer for 2^31 - 1", pvi.init_relocate(i32.MAX_VALUE), info.RELOCATE_NONE);
  same(C.init_relocate_2, "answer for -1", pvi.init_relocate(-1), info.RELOCATE_NONE);
}

/** After every vCPU has revoked, each is preempted and then interrupted: the host would write its areas when it goes on. */
function expectNoWrites(clause: i32, times: i32): void {
  for (let i = 0; i < times; i++) pvi.init_revoke_all();
  test.barrier(1);
  revokeAreas(clause);
  const shared = sharedDigest();
  const own = percpuDigest();
  test.barrier(2);
  steal(me(), 1_000_000);
  endServiceBy(END_NOT);
  raise(me(), FIRST_VECTOR + 6);
  boundaries(4);
  test.barrier(3);
  const sharedAfter = sharedDigest();
  const ownAfter = percpuDigest();
  same(clause, "digest of the shared pages", sharedAfter, shared);
  same(clause, "digest of this vCPU's pages", ownAfter, own);
}

export function init_revoke_areas(_role: i32): void {
  expectNoWrites(C.init_revoke_all_1, 1);
}

export function init_revoke_alarms(): void {
  pvi.time_alarm_set(pvi.time_sched_clock() + 100_000, 50_000, info.COUNTER_REAL, FIRST_VECTOR);
  pvi.init_revoke_all();
  test.advance(1_000_000);
  boundaries(8);
  same(C.init_revoke_all_2, "interrupts of an alarm of before", taken(FIRST_VECTOR), 0);
  const before = faults();
  test.advance((<i64>1) << 57);
  boundaries(8);
  same(C.init_revoke_all_2, "faults in the next four years", faults(), before);
}

const NEEDS_AREA: i64 =
  info.FEATURE_CLOCK | info.FEATURE_STEAL | info.FEATURE_EOI | info.FEATURE_REMOTE_FLUSH | info.FEATURE_ALARM_AVAILABLE;

export function init_revoke_native(): void {
  pvi.init_revoke_all();
  same(C.init_revoke_all_3, "features that need an area", pvi.init_features(FEATURES) & NEEDS_AREA, 0);
  steal(me(), 20_000);
  same(C.init_revoke_all_3, "stolen ns after the area is gone", pvi.time_steal_clock(me()), 0);
  const start = pvi.time_sched_clock();
  test.advance(1_000_000);
  atLeast(C.init_revoke_all_3, "ns by the clock over 1 ms", pvi.time_sched_clock() - start, 999_990);
  const flushed = pvi.mmu_flush_tlb_multi(mask(1), page(1), page(2), 0);
  same(C.init_revoke_all_3, "result of a flush", flushed, 0);
}

export function init_revoke_twice(_role: i32): void {
  expectNoWrites(C.init_revoke_all_4, 2);
  same(C.init_revoke_all_4, "faults", faults(), 0);
}

export function init_hypercall_entry_works(): void {
  const entry = pvi.init_hypercall_entry();
  holds(C.init_hypercall_entry_1, "there is an entry", entry !== 0);
  const before = test.state(me(), test.STATE_EXITS);
  // A number that no host defines.
  machine.set_reg(machine.RAX, 0x7fff_fff0);
  machine.set_reg(machine.RCX, 0x7ff0);
  machine.call_code(entry, 0);
  same(C.init_hypercall_entry_1, "faults", faults(), 0);
  atLeast(C.init_hypercall_entry_1, "exits", test.state(me(), test.STATE_EXITS) - before, 1);
}

export function init_hypercall_entry_stays(): void {
  const entry = pvi.init_hypercall_entry();
  pvi.init_features(FEATURES);
  same(C.init_hypercall_entry_2, "address at the second call", pvi.init_hypercall_entry(), entry);
}

/** Calls with these numbers are tried; those of all systems are among them. */
const CALLS: i32 = 64;
const EVERYBODY: i64 = -1;
/** Number of the first call that user code was served, or -1; by the other vendor's instruction 1000 more. */
let servedToUser: i32 = -1;

/** Registers as for an interrupt to everybody, where there is such a call. */
function callsOfUser(_rsp: i64): void {
  for (let i = 0; i < 2 * CALLS; i++) {
    const before = faults();
    machine.set_reg(machine.RAX, i >> 1);
    machine.set_reg(machine.RBX, EVERYBODY);
    machine.set_reg(machine.RCX, EVERYBODY);
    machine.set_reg(machine.RDX, 0);
    machine.set_reg(machine.RSI, FIRST_VECTOR);
    if (i & 1) machine.vmmcall();
    else machine.vmcall();
    const served = faults() === before && machine.reg(machine.RAX) >= 0;
    if (served && servedToUser < 0) servedToUser = (i >> 1) + (i & 1 ? 1000 : 0);
  }
}

export function init_hypercall_entry_user(): void {
  const clause = C.init_hypercall_entry_3;
  holds(clause, "there is an entry", pvi.init_hypercall_entry() !== 0);
  let interrupts: i64 = 0;
  for (let v = 0; v < vcpus(); v++) interrupts -= allDelivered(v);
  surviveUndefined();
  runAsUser(callsOfUser, word(14));
  same(clause, "number of a call that user code was served", servedToUser, -1);
  boundaries(4);
  for (let v = 0; v < vcpus(); v++) interrupts += allDelivered(v);
  same(clause, "interrupts that anybody took", interrupts, 0);
}

export function init_identify_guest_accepts(): void {
  same(C.init_identify_guest_1, "result", pvi.init_identify_guest(0x8100_0000_0000_0001), 0);
  same(C.init_identify_guest_1, "result of the second call", pvi.init_identify_guest(0x8100_0000_0000_0002), 0);
}

export function init_assists_unknown(): void {
  same(C.init_assists_1, "result for assist 0x7fff", pvi.init_assists(0x7fff, 1), info.E_NOSYS);
}
