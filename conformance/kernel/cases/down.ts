/** smp.cpu_down, smp.is_up, smp.apicid_to_vp: vCPUs that go, and who is there. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { prepare } from "../lib/boot";
import { offerAreas, revokeAreas, sharedDigest } from "../lib/areas";
import { begin, letOthersRun, me, steal, vcpus } from "../lib/case";
import { same } from "../lib/expect";
import { boundaries, delivered, FIRST_VECTOR, raise, realTime, taken, waitTaken } from "../lib/interrupts";
import { mask, post, RMW_ADD64, see, waitFor, word } from "../lib/memory";
import { content, entry, leaf, page, touch } from "../lib/paging";
import { rest, startAt, takeDown, waitDown, writeApState } from "../lib/smp";

const STARTED: i32 = 0;
const RESULT: i32 = 3;
const SEEN: i32 = 4;
const TARGET: i32 = 3;

/** A vCPU that says that it has started. */
function report(_rsp: i64): void {
  machine.rmw(RMW_ADD64, word(STARTED), 1);
  prepare();
  pvi.irq_enable();
}

export function smp_down_self(role: i32): void {
  if (role === 1) {
    pvi.smp_cpu_down(me());
    post(RESULT, 1);
    test.fail(C.smp_cpu_down_1, 1);
  }
  waitDown(TARGET);
  raise(TARGET, FIRST_VECTOR);
  pvi.ipi_send_mask(mask(8), FIRST_VECTOR + 1);
  for (let i = 0; i < 64; i++) machine.pause();
  same(C.smp_cpu_down_1, "what the vCPU did behind the call", see(RESULT), 0);
  same(C.smp_cpu_down_1, "interrupts it took", delivered(TARGET, FIRST_VECTOR) + delivered(TARGET, FIRST_VECTOR + 1), 0);
  startAt(TARGET, rest.index);
}

export function smp_down_other(role: i32): void {
  if (role === 1) {
    while (true) {
      machine.rmw(RMW_ADD64, word(SEEN), 1);
      machine.pause();
    }
  }
  while (see(SEEN) < 3) machine.pause();
  same(C.smp_cpu_down_2, "result of the call", pvi.smp_cpu_down(TARGET), 0);
  waitDown(TARGET);
  const counted = see(SEEN);
  for (let i = 0; i < 64; i++) machine.pause();
  same(C.smp_cpu_down_2, "what the vCPU counted after it was down", see(SEEN), counted);
}

export function smp_down_nobody_waits(role: i32): void {
  const vector = FIRST_VECTOR + 2;
  if (role === 2) {
    test.barrier(1);
    pvi.smp_cpu_down(me());
    test.fail(C.smp_cpu_down_3, 1);
  }
  if (role === 1) {
    pvi.mmu_set_pte(entry(1), leaf(0));
    touch(1);
    test.barrier(1);
    waitTaken(vector, 1);
    same(C.smp_cpu_down_3, "content of the flushed page", touch(1), content(1));
    return;
  }
  test.barrier(1);
  waitDown(TARGET);
  takeDown(1);
  pvi.mmu_set_pte(entry(1), leaf(1));
  same(C.smp_cpu_down_3, "result of a flush", pvi.mmu_flush_tlb_multi(mask(15), page(1), page(2), 0), 0);
  same(C.smp_cpu_down_3, "result of an IPI", pvi.ipi_send_mask(mask(14), vector), 0);
  startAt(TARGET, rest.index);
}

export function smp_down_refused(): void {
  const absent = memory.data<i32>([8, 255, 0x7fffffff, -1]);
  for (let i = 0; i < 4; i++)
    same(C.smp_cpu_down_4, "result for an index without a vCPU", pvi.smp_cpu_down(load<i32>(absent + (i << 2))), info.E_INVAL);
  for (let vcpu = 1; vcpu < vcpus(); vcpu++) takeDown(vcpu);
  same(C.smp_cpu_down_4, "result for a vCPU that is down already", pvi.smp_cpu_down(TARGET), 0);
  same(C.smp_cpu_down_4, "result for the last vCPU", pvi.smp_cpu_down(me()), info.E_BUSY);
  same(C.smp_cpu_down_4, "whether it is up still", pvi.smp_is_up(me()), 1);
  same(C.smp_cpu_down_4, "result for the last vCPU, asked again", pvi.smp_cpu_down(me()), info.E_BUSY);
  same(C.smp_cpu_down_4, "result of starting another", startAt(TARGET, rest.index), 0);
  same(C.smp_cpu_down_4, "result for that one", pvi.smp_cpu_down(TARGET), 0);
  waitDown(TARGET);
  same(C.smp_cpu_down_4, "result for the last vCPU after that", pvi.smp_cpu_down(me()), info.E_BUSY);
  raise(me(), FIRST_VECTOR);
  boundaries(2);
  same(C.smp_cpu_down_4, "interrupts it takes still", taken(FIRST_VECTOR), 1);
}

/** Two vCPUs take down the same one: it counts once. */
export function smp_down_race(role: i32): void {
  begin();
  same(C.smp_cpu_down_4, "result for a vCPU that another takes down too", pvi.smp_cpu_down(TARGET), 0);
  test.quiet(1);
  test.barrier(2);
  if (role === 1) return;
  waitDown(TARGET);
  same(C.smp_cpu_down_4, "result for the next one", pvi.smp_cpu_down(2), 0);
  same(C.smp_cpu_down_4, "result for the last but one", pvi.smp_cpu_down(1), 0);
}

export function smp_down_discards(): void {
  takeDown(TARGET);
  same(C.smp_cpu_down_5, "result of the first start", startAt(TARGET, rest.index), 0);
  takeDown(TARGET);
  same(C.smp_cpu_down_5, "result of a start without a new state", pvi.smp_cpu_up(TARGET), info.E_INVAL);
  same(C.smp_cpu_down_5, "result of a start with one", startAt(TARGET, report.index), 0);
  waitFor(STARTED, 1);
}

/** Nobody else has areas any more. What is down is woken by an NMI, and its processor is taken and given back. */
export function smp_down_areas(role: i32): void {
  if (role === TARGET) {
    pvi.smp_cpu_down(me());
    test.fail(C.smp_cpu_down_6, 1);
  }
  pvi.init_revoke_all();
  machine.rmw(RMW_ADD64, word(SEEN), 1);
  if (role !== 0) return;
  waitFor(SEEN, 3);
  waitDown(TARGET);
  letOthersRun();
  revokeAreas(C.smp_cpu_down_6);
  const before = sharedDigest();
  test.plan(test.PLAN_NMI, TARGET, realTime() + 1, 0);
  steal(TARGET, 20_000);
  steal(me(), 20_000);
  letOthersRun();
  same(C.smp_cpu_down_6, "digest of the shared pages", sharedDigest(), before);
  offerAreas(C.smp_cpu_down_6);
  startAt(TARGET, rest.index);
}

export function smp_is_up(): void {
  for (let vcpu = 0; vcpu < vcpus(); vcpu++) same(C.smp_is_up_1, "a vCPU after boot", pvi.smp_is_up(vcpu), 1);
  takeDown(TARGET);
  same(C.smp_is_up_1, "a vCPU that was taken down", pvi.smp_is_up(TARGET), 0);
  same(C.smp_is_up_1, "its neighbour", pvi.smp_is_up(2), 1);
  pvi.smp_set_initial_ap_state(TARGET, writeApState(TARGET, rest.index, 0));
  same(C.smp_is_up_1, "a vCPU that has only a state", pvi.smp_is_up(TARGET), 0);
  pvi.smp_cpu_up(TARGET);
  same(C.smp_is_up_1, "a vCPU that was started", pvi.smp_is_up(TARGET), 1);
  const absent = memory.data<i32>([8, 255, 0x7fffffff, -1]);
  same(C.smp_is_up_2, "the next index", pvi.smp_is_up(vcpus()), info.E_INVAL);
  for (let i = 0; i < 4; i++)
    same(C.smp_is_up_2, "an index without a vCPU", pvi.smp_is_up(load<i32>(absent + (i << 2))), info.E_INVAL);
}

export function smp_apic_ids(): void {
  for (let vcpu = 0; vcpu < vcpus(); vcpu++) {
    const id = <i32>test.param(test.TEST_PARAM_APIC_ID | (vcpu << 8));
    same(C.smp_apicid_to_vp_1, "index of a vCPU's APIC id", pvi.smp_apicid_to_vp(id), vcpu);
  }
  const unknown = memory.data<i32>([2, 129, 254, 255, 256, 384, 0x7fffffff, -1]);
  for (let i = 0; i < 8; i++)
    same(C.smp_apicid_to_vp_2, "an id that nobody has", pvi.smp_apicid_to_vp(load<i32>(unknown + (i << 2))), info.E_INVAL);
}
