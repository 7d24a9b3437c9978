/** ipi.send_mask: who receives what, and what the handler sees. */

import * as info from "../../sdk/as/info";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, me, meet, setUp, vcpus } from "../lib/case";
import { holds, same } from "../lib/expect";
import { boundaries, delivered, FIRST_VECTOR, isPending, onInterrupt, taken, waitTaken } from "../lib/interrupts";
import { mask, post, see } from "../lib/memory";

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
  setUp();
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
