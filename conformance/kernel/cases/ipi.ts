/** ipi.*: who receives what, and what the handler sees. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, me, meet, vcpus } from "../lib/case";
import { holds, same } from "../lib/expect";
import { prepare } from "../lib/boot";
import {
  boundaries,
  delivered,
  FIRST_VECTOR,
  isPending,
  nmisTaken,
  onInterrupt,
  onNmi,
  taken,
  VECTOR_NMI,
  waitTaken,
} from "../lib/interrupts";
import { mask, post, see, waitFor } from "../lib/memory";
import { takeDown, writeApState } from "../lib/smp";

/** Shared word that the sender writes before it sends. */
const MESSAGE: i32 = 0;
let seenInHandler: i64 = -1;

export function ipi_exact_targets(role: i32): void {
  const vector = FIRST_VECTOR;
  const targets: i64 = 0b1010;
  if (role === 0) same(C.ipi_send_mask_1, "result of the call", pvi.ipi_send_mask(mask(targets), vector), 0);
  if ((targets >> role) & 1) waitTaken(vector, 1);
  finish();
  boundaries(4);
  const expected = (targets >> role) & 1;
  same(
    expected === 1 ? C.ipi_send_mask_1 : C.ipi_send_mask_2,
    "interrupts taken by this vCPU",
    taken(vector),
    expected,
  );
}

function readMessage(): void {
  seenInHandler = see(MESSAGE);
}

/** The message is a plain store, which may still be on its way when the interrupt is sent. */
export function ipi_stores_visible(role: i32): void {
  const vector = FIRST_VECTOR + 1;
  see(MESSAGE);
  if (role === 0) {
    const targets = mask(2);
    begin();
    post(MESSAGE, 7);
    pvi.ipi_send_mask(targets, vector);
  } else {
    onInterrupt(readMessage);
    begin();
    waitTaken(vector, 1);
    same(C.ipi_send_mask_3, "message as the handler saw it", seenInHandler, 7);
  }
}

export function ipi_refuses_vectors(): void {
  const everybody = (1 << vcpus()) - 1;
  const refused = memory.data<i32>([0, 2, 14, 15, 256, -1]);
  for (let i = 0; i < 6; i++) {
    const vector = load<i32>(refused + (i << 2));
    same(C.ipi_send_mask_4, "result for an exception vector", pvi.ipi_send_mask(mask(everybody), vector), info.E_INVAL);
  }
  boundaries(4);
  for (let vcpu = 0; vcpu < vcpus(); vcpu++) {
    for (let vector = 0; vector < 16; vector++) {
      holds(
        C.ipi_send_mask_4,
        "no vCPU received the refused vector",
        !isPending(vcpu, vector) && delivered(vcpu, vector) === 0,
      );
    }
  }
}

export function ipi_nobody(): void {
  const vector = FIRST_VECTOR + 2;
  same(C.ipi_send_mask_5, "result with an empty mask", pvi.ipi_send_mask(mask(0), vector), 0);
  same(
    C.ipi_send_mask_5,
    "result with a mask of absent vCPUs",
    pvi.ipi_send_mask(mask((<i64>-1) << vcpus(), -1), vector),
    0,
  );
  boundaries(4);
  for (let vcpu = 0; vcpu < vcpus(); vcpu++) {
    holds(C.ipi_send_mask_5, "no vCPU received the vector", !isPending(vcpu, vector) && delivered(vcpu, vector) === 0);
  }
}

/** To each vCPU alone, from the highest down: APIC ids are neither dense nor ordered. */
export function ipi_by_index(role: i32): void {
  for (let target = 3; target > 0; target--) {
    if (role === 0) pvi.ipi_send_mask(mask(1 << target), FIRST_VECTOR + 3);
    if (role === target) waitTaken(FIRST_VECTOR + 3, 1);
    meet(target);
    boundaries(4);
    same(C.ipi_send_mask_6, "interrupts taken by this vCPU", taken(FIRST_VECTOR + 3), role >= target ? 1 : 0);
    meet(3 + target);
  }
}

export function ipi_to_self(): void {
  const vector = FIRST_VECTOR + 4;
  pvi.ipi_send_mask(mask(1 << me()), vector);
  boundaries(4);
  same(C.ipi_send_mask_7, "interrupts taken by the sender", taken(vector), 1);
}

export function ipi_to_masked_target(role: i32): void {
  const vector = FIRST_VECTOR + 5;
  if (role === 1) pvi.irq_disable();
  test.barrier(1);
  if (role === 0) same(C.ipi_send_mask_8, "result of the call", pvi.ipi_send_mask(mask(2), vector), 0);
  test.barrier(2);
  if (role === 1) {
    boundaries(4);
    same(C.ipi_send_mask_8, "interrupts taken while disabled", taken(vector), 0);
    pvi.irq_enable();
    boundaries(4);
    same(C.ipi_send_mask_8, "interrupts taken after enabling", taken(vector), 1);
  }
}

/** vCPUs 0, 1, 2 have ids 5, 130, 0: the Hyper-V TLFS's example of a sparse set, not in order and wider than 128. */
export function ipi_sparse_ids(role: i32): void {
  const vector = FIRST_VECTOR + 6;
  if (role === 0) pvi.ipi_send_mask(mask(0b0111), vector);
  if (role < 3) waitTaken(vector, 1);
  finish();
  boundaries(4);
  same(C.ipi_send_mask_6, "interrupts taken by this vCPU", taken(vector), role < 3 ? 1 : 0);
}

/** Where a vCPU ends up that a case starts again. */
function rest(_rsp: i64): void {
  prepare();
  pvi.irq_enable();
}

export function ipi_to_down(role: i32): void {
  const vector = FIRST_VECTOR + 7;
  if (role === 1) {
    waitTaken(vector, 1);
    return;
  }
  takeDown(3);
  same(C.ipi_send_mask_9, "result of the call", pvi.ipi_send_mask(mask(0b1010), vector), 0);
  boundaries(4);
  same(C.ipi_send_mask_9, "whether the vCPU is up now", pvi.smp_is_up(3), 0);
  const state = writeApState(3, rest.index, 0);
  same(C.ipi_send_mask_9, "result of giving it a state", pvi.smp_set_initial_ap_state(3, state), 0);
  same(C.ipi_send_mask_9, "result of the call while it waits for its start", pvi.ipi_send_mask(mask(0b1000), vector), 0);
  same(C.ipi_send_mask_9, "result of starting it", pvi.smp_cpu_up(3), 0);
  untilHalted(3);
  same(C.ipi_send_mask_9, "interrupts delivered to it", delivered(3, vector), 0);
}

/** Gives way until `vcpu` sleeps. */
function untilHalted(vcpu: i32): void {
  while (test.state(vcpu, test.STATE_HALTED) === 0) machine.pause();
}

/** vCPU 1 has interrupts disabled, vCPU 3 enabled. */
export function ipi_nmi_targets(role: i32): void {
  const targets: i64 = 0b1010;
  if (role === 1) pvi.irq_disable();
  test.barrier(1);
  if (role === 0) same(C.ipi_send_nmi_1, "result of the call", pvi.ipi_send_nmi(mask(targets)), 0);
  const expected = <i32>(targets >> role) & 1;
  while (nmisTaken() < expected) machine.pause();
  test.barrier(2);
  boundaries(4);
  same(expected === 1 ? C.ipi_send_nmi_1 : C.ipi_send_nmi_2, "NMIs taken by this vCPU", nmisTaken(), expected);
}

const IN_HANDLER: i32 = 1;
const GO_ON: i32 = 2;

function stayInNmi(): void {
  if (nmisTaken() > 1) return;
  post(IN_HANDLER, 1);
  waitFor(GO_ON, 1);
}

/** Three more come while the handler of the first runs. */
export function ipi_nmi_coalesce(role: i32): void {
  if (role === 0) {
    test.barrier(1);
    pvi.ipi_send_nmi(mask(4));
    waitFor(IN_HANDLER, 1);
    for (let i = 0; i < 3; i++) pvi.ipi_send_nmi(mask(4));
    post(GO_ON, 1);
  } else {
    onNmi(stayInNmi);
    test.barrier(1);
    waitFor(GO_ON, 1);
    boundaries(8);
    same(C.ipi_send_nmi_3, "NMIs taken", nmisTaken(), 2);
  }
}

export function ipi_nmi_stores(role: i32): void {
  see(MESSAGE);
  if (role === 0) {
    const targets = mask(2);
    begin();
    post(MESSAGE, 7);
    pvi.ipi_send_nmi(targets);
  } else {
    onNmi(readMessage);
    begin();
    while (nmisTaken() === 0) machine.pause();
    same(C.ipi_send_nmi_4, "message as the handler saw it", seenInHandler, 7);
  }
}

export function ipi_nmi_nobody(): void {
  const before = delivered(3, VECTOR_NMI);
  same(C.ipi_send_nmi_5, "result with an empty mask", pvi.ipi_send_nmi(mask(0)), 0);
  same(C.ipi_send_nmi_5, "result with absent vCPUs", pvi.ipi_send_nmi(mask((<i64>-1) << vcpus(), -1)), 0);
  takeDown(3);
  same(C.ipi_send_nmi_5, "result with a vCPU that is down", pvi.ipi_send_nmi(mask(8)), 0);
  boundaries(4);
  same(C.ipi_send_nmi_5, "NMIs taken by the sender", nmisTaken(), 0);
  same(C.ipi_send_nmi_5, "whether the vCPU is up now", pvi.smp_is_up(3), 0);
  same(C.ipi_send_nmi_5, "NMIs delivered to the vCPU that is down", delivered(3, VECTOR_NMI), before);
}
