/** rule.*: what the two halves owe each other: features, names, areas and what is published in them. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { digest, percpuDigest, revokeAreas, sharedDigest } from "../lib/areas";
import { begin, finish, letOthersRun, me, meet, steal, vcpus } from "../lib/case";
import { atLeast, atMost, holds, same } from "../lib/expect";
import {
  allDelivered,
  boundaries,
  delivered,
  FIRST_VECTOR,
  faults,
  onInterrupt,
  realTime,
  surviveUndefined,
  taken,
} from "../lib/interrupts";
import { DATA_FRAMES, direct, FRAME_DATA, frame, mask, post, word } from "../lib/memory";
import { content, entry, leaf, mapAndTouch, page, touch } from "../lib/paging";

const FEATURES: i32 = 0;
/** ns by which a clock may differ from real time over the spans of these cases. */
const SLACK: i64 = 64;

function featuresAllowed(features: i64): i64 {
  machine.store64(test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK, features);
  return pvi.init_features(FEATURES);
}

export function rule_absent_feature(): void {
  const clause = C.rule_absent_feature_1;
  let turn = 0;
  for (let bit: i64 = 1; bit & info.FEATURES_DEFINED; bit <<= 1) {
    opsWork(clause, featuresAllowed(~bit), turn++);
  }
  opsWork(clause, featuresAllowed(0), turn++);
  opsWork(clause, featuresAllowed(-1), turn++);
}

/** A vCPU without a role. */
const NEIGHBOUR: i32 = 2;

/** What ops promise with and without features, each in short. `turn` counts the calls. */
function opsWork(clause: i32, features: i64, turn: i32): void {
  clockRuns(clause);
  const both = (1 << me()) | (1 << NEIGHBOUR);
  for (let i = 0; i < 2; i++) {
    mapAndTouch(91 + i, turn & 1);
    pvi.mmu_set_pte(entry(91 + i), leaf(2 + (turn & 1)));
  }
  same(clause, "result of a flush", pvi.mmu_flush_tlb_multi(mask(both), page(91), page(93), 0), 0);
  for (let i = 0; i < 2; i++) same(clause, "content of a page after the flush", touch(91 + i), content(2 + (turn & 1)));
  same(clause, "result of an IPI", pvi.ipi_send_mask(mask(both), FIRST_VECTOR), 0);
  boundaries(4);
  same(clause, "interrupts taken", taken(FIRST_VECTOR), turn + 1);
  same(clause, "whether a vCPU that sleeps is preempted", pvi.lock_vcpu_is_preempted(NEIGHBOUR), 0);
  if (!(features & info.FEATURE_YIELD)) yieldsNatively(clause);
  const at = pvi.time_sched_clock() + 1_000_000_000;
  const armed = pvi.time_alarm_set(at, 0, info.COUNTER_AVAILABLE, FIRST_VECTOR);
  const want = features & info.FEATURE_ALARM_AVAILABLE ? 0 : info.E_NOSYS;
  same(clause, "result of an alarm on available time", armed, want);
  pvi.time_alarm_cancel(info.COUNTER_AVAILABLE);
}

/** Where the instruction itself does not exit, a yield to a vCPU that has no processor to give must not either. */
function yieldsNatively(clause: i32): void {
  if (test.param(test.TEST_PARAM_KIND) !== test.KIND_ENLIGHTENED) return;
  const exits = test.state(me(), test.STATE_EXITS);
  pvi.lock_yield_to(NEIGHBOUR);
  same(clause, "times that a yield without the feature left guest mode", test.state(me(), test.STATE_EXITS) - exits, 0);
}

function clockRuns(clause: i32): void {
  const firstBefore = realTime();
  const first = pvi.time_sched_clock();
  const firstAfter = realTime();
  test.advance(100_000);
  const secondBefore = realTime();
  const passed = pvi.time_sched_clock() - first;
  atLeast(clause, "ns by the clock", passed, secondBefore - firstAfter - SLACK);
  atMost(clause, "ns by the clock", passed, realTime() - firstBefore + SLACK);
}

/** Numbers that no system gives a call, in the registers in which one or the other looks for them. */
export function rule_absent_call(): void {
  const clause = C.rule_absent_feature_2;
  const numbers = memory.data<i64>([0x7ff0, 0x7fff_fff0, 0x4000_0000_0000_7ff0]);
  surviveUndefined();
  const interrupts = interruptsOfAll();
  for (let i = 0; i < 3; i++) {
    const number = load<i64>(numbers + (i << 3));
    const before = faults();
    machine.set_reg(machine.RAX, number);
    machine.set_reg(machine.RCX, number);
    machine.vmcall();
    holds(clause, "an exception, or another answer than success", faults() > before || machine.reg(machine.RAX) !== 0);
  }
  same(clause, "interrupts that anybody took", interruptsOfAll(), interrupts);
  for (let n = 0; n < DATA_FRAMES; n++)
    same(clause, "a page of the kernel's", machine.load64(direct(frame(FRAME_DATA + n))), content(n));
}

function interruptsOfAll(): i64 {
  let sum: i64 = 0;
  for (let v = 0; v < vcpus(); v++) sum += allDelivered(v);
  return sum;
}

/** vCPU numbers that nobody has; cut to 8, 16 or 30 bits, or used as a shift, some would name somebody. */
const nobody = memory.data<i32>([8, 64, 255, 0x100, 0x10000, 0x4000_0001, 0x7fff_ffff, -1, i32.MIN_VALUE]);
const NOBODY: i32 = 9;

export function rule_untrusted_names(): void {
  const clause = C.rule_untrusted_pointers_1;
  steal(me(), 20_000);
  const interrupts = interruptsOfAll();
  for (let i = 0; i < NOBODY; i++) {
    const vcpu = load<i32>(nobody + (i << 2));
    same(clause, "stolen ns of nobody", pvi.time_steal_clock(vcpu), 0);
    same(clause, "whether nobody is preempted", pvi.lock_vcpu_is_preempted(vcpu), 0);
  }
  const set = mask(0);
  machine.store64(set + 16, -1);
  machine.store64(set + 24, -1);
  same(clause, "result of an IPI to nobody", pvi.ipi_send_mask(set, FIRST_VECTOR), 0);
  same(clause, "result of an NMI to nobody", pvi.ipi_send_nmi(set), 0);
  letOthersRun();
  same(clause, "interrupts that anybody took", interruptsOfAll(), interrupts);
  same(clause, "faults", faults(), 0);
}

const TARGETS: i64 = 0b0010;
const OTHER_TARGETS: i64 = 0b0100;

/** The set is that of vCPU 0; vCPUs 1 and 2 have no role and take what comes. */
export function rule_untrusted_rewritten(role: i32): void {
  const clause = C.rule_untrusted_pointers_2;
  const vector = FIRST_VECTOR + 1;
  if (role === 0) {
    const set = mask(TARGETS);
    post(0, set);
    test.barrier(2);
    begin();
    same(clause, "result of an IPI", pvi.ipi_send_mask(set, vector), 0);
  } else {
    test.barrier(2);
    const set = machine.load64(word(0));
    begin();
    machine.store64(set, OTHER_TARGETS);
  }
  finish();
  test.quiet(1);
  if (role === 0) {
    letOthersRun();
    letOthersRun();
    same(clause, "vCPUs of both sets that were interrupted", delivered(1, vector) + delivered(2, vector), 1);
  }
}

const CANARY: i64 = 0x0ca_0a11_ca0a_11ca;

/** Eight pages full of canaries, while areas are in use, written and taken back. */
export function rule_areas_elsewhere(role: i32): void {
  const clause = C.rule_areas_1;
  if (role === 0) for (let n = 0; n < DATA_FRAMES; n++) machine.fill(direct(frame(FRAME_DATA + n)), CANARY, 512);
  test.barrier(1);
  const before = role === 0 ? digest(direct(frame(FRAME_DATA)), DATA_FRAMES) : 0;
  pvi.time_sched_clock();
  steal(me(), 50_000);
  pvi.time_steal_clock(me());
  pvi.time_wallclock_get();
  pvi.mmu_flush_tlb_multi(mask(15), page(0), -1, 0);
  pvi.ipi_send_mask(mask(1), FIRST_VECTOR);
  meet(0);
  pvi.init_revoke_all();
  steal(me(), 50_000);
  meet(1);
  if (role === 0) same(clause, "digest of pages full of canaries", digest(direct(frame(FRAME_DATA)), DATA_FRAMES), before);
}

function useAreas(): void {
  pvi.time_sched_clock();
  pvi.time_steal_clock(me());
  pvi.lock_vcpu_is_preempted(1);
  pvi.init_version();
}

/** All others have revoked already, so that nobody's area may be written any more. */
export function rule_areas_revoked(role: i32): void {
  const clause = C.rule_areas_2;
  if (role !== 0) pvi.init_revoke_all();
  onInterrupt(useAreas);
  begin();
  if (role === 0) {
    pvi.init_revoke_all();
    test.quiet(1);
  }
  test.barrier(2);
  if (role !== 0) return;
  revokeAreas(clause);
  const shared = sharedDigest();
  const own = percpuDigest();
  steal(me(), 1_000_000);
  boundaries(4);
  same(clause, "digest of the shared pages", sharedDigest(), shared);
  same(clause, "digest of this vCPU's pages", percpuDigest(), own);
}

/** The host takes the processor, and publishes anew when it gives it back; then the handler reads. */
function readLater(): void {
  steal(me(), 1_000_000);
  pvi.time_sched_clock();
  pvi.time_steal_clock(me());
}

export function rule_publication(): void {
  const clause = C.rule_publication_1;
  const origin = pvi.time_sched_clock() - realTime();
  const stolen = pvi.time_steal_clock(me());
  onInterrupt(readLater);
  begin();
  const before = realTime();
  const reading = pvi.time_sched_clock();
  const counted = pvi.time_steal_clock(me());
  test.quiet(1);
  atLeast(clause, "a reading, not before real time", reading, before + origin - SLACK);
  atMost(clause, "a reading, not after real time", reading, realTime() + origin + SLACK);
  atLeast(clause, "stolen ns", counted, stolen);
  atMost(clause, "stolen ns", counted, test.state(me(), test.STATE_STOLEN_NS) + SLACK);
}
