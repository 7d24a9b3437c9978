/** apic.eoi: the end of an interrupt's service. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, me, steal } from "../lib/case";
import { holds, same } from "../lib/expect";
import { boundaries, delivered, END_BY_OP, END_NOT, endServiceBy, FIRST_VECTOR, faults, HIGH_VECTOR, isPending, onInterrupt, raise, taken, veto, waitTaken } from "../lib/interrupts";

/** A vector of the low class and then one of the high class are in service; neither has been ended. */
function nest(low: i32): void {
  endServiceBy(END_NOT);
  raise(me(), low);
  raise(me(), HIGH_VECTOR);
}

/** After one call the low one still holds back its class, while the high one can come again. */
export function apic_eoi_one(): void {
  nest(FIRST_VECTOR);
  same(C.apic_eoi_1, "interrupts of the high vector", taken(HIGH_VECTOR), 1);
  pvi.apic_eoi();
  raise(me(), FIRST_VECTOR + 7);
  boundaries(2);
  same(C.apic_eoi_1, "interrupts of a low class that is still in service", taken(FIRST_VECTOR + 7), 0);
  raise(me(), HIGH_VECTOR);
  boundaries(2);
  same(C.apic_eoi_1, "interrupts of the high vector, which was retired", taken(HIGH_VECTOR), 2);
  pvi.apic_eoi();
  boundaries(2);
  same(C.apic_eoi_1, "interrupts of the low class before its call", taken(FIRST_VECTOR + 7), 0);
  pvi.apic_eoi();
  boundaries(2);
  same(C.apic_eoi_1, "interrupts of the low class after it", taken(FIRST_VECTOR + 7), 1);
}

function raiseNext(): void {
  if (taken(FIRST_VECTOR + 3) !== 0) return pvi.apic_eoi();
  raise(me(), FIRST_VECTOR + 3);
  pvi.apic_eoi();
}

/** The second one arrives while the first is handled. */
export function apic_eoi_next(): void {
  endServiceBy(END_NOT);
  onInterrupt(raiseNext);
  raise(me(), FIRST_VECTOR + 2);
  boundaries(4);
  same(C.apic_eoi_2, "interrupts that waited for the call", taken(FIRST_VECTOR + 3), 1);
}

export function apic_eoi_idle(): void {
  endServiceBy(END_BY_OP);
  const before = faults();
  for (let i = 0; i < 3; i++) pvi.apic_eoi();
  for (let i = 1; i <= 3; i++) {
    raise(me(), FIRST_VECTOR + 4);
    boundaries(2);
    same(C.apic_eoi_3, "interrupts taken after calls with nothing in service", taken(FIRST_VECTOR + 4), i);
    pvi.apic_eoi();
  }
  same(C.apic_eoi_3, "faults", faults(), before);
}

/** Arrivals come at any instruction of the handler, of the call and after it. Whatever has come is delivered in the end. */
export function apic_eoi_any_arrival(): void {
  const vector = FIRST_VECTOR + 1;
  endServiceBy(END_BY_OP);
  begin();
  raise(me(), FIRST_VECTOR);
  boundaries(2);
  test.quiet(1);
  while (isPending(me(), vector) || isPending(me(), FIRST_VECTOR)) machine.pause();
  same(C.apic_eoi_4, "interrupts handled of those delivered", taken(vector), delivered(me(), vector));
  raise(me(), FIRST_VECTOR);
  waitTaken(FIRST_VECTOR, 2);
  same(C.apic_eoi_4, "interrupts of the first vector in the end", taken(FIRST_VECTOR), 2);
}

/** A low vector stays in service while high ones come and go at any instruction, their calls' own included. */
export function apic_eoi_nested_arrival(): void {
  const held = FIRST_VECTOR + 7;
  endServiceBy(END_BY_OP);
  // What has arrived before is over by then.
  boundaries(40);
  endServiceBy(END_NOT);
  raise(me(), FIRST_VECTOR + 6);
  endServiceBy(END_BY_OP);
  begin();
  boundaries(1);
  test.quiet(1);
  while (isPending(me(), HIGH_VECTOR)) machine.pause();
  same(C.apic_eoi_1, "interrupts handled of those delivered", taken(HIGH_VECTOR), delivered(me(), HIGH_VECTOR));
  raise(me(), held);
  boundaries(2);
  same(C.apic_eoi_1, "interrupts of a class that is still in service", taken(held), 0);
  pvi.apic_eoi();
  boundaries(2);
  same(C.apic_eoi_1, "interrupts of the class after its own call", taken(held), 1);
}

/** The processor is taken away before the call, and between a call and the next interrupt. */
export function apic_eoi_after_move(): void {
  endServiceBy(END_NOT);
  for (let i = 1; i <= 3; i++) {
    raise(me(), FIRST_VECTOR + 1);
    boundaries(2);
    same(C.apic_eoi_6, "interrupts taken of a class that was ended", taken(FIRST_VECTOR + 1), i);
    steal(me(), 20_000);
    machine.cpuid(0, 0);
    pvi.apic_eoi();
    steal(me(), 20_000);
    machine.cpuid(0, 0);
  }
  nest(FIRST_VECTOR + 2);
  steal(me(), 20_000);
  pvi.apic_eoi();
  steal(me(), 20_000);
  raise(me(), FIRST_VECTOR + 1);
  boundaries(2);
  same(C.apic_eoi_6, "interrupts of a class that is still in service", taken(FIRST_VECTOR + 1), 3);
}

export function apic_eoi_after_revoke(): void {
  nest(FIRST_VECTOR + 3);
  pvi.init_revoke_all();
  pvi.apic_eoi();
  raise(me(), FIRST_VECTOR + 4);
  boundaries(2);
  same(C.apic_eoi_6, "interrupts of the low class before its call", taken(FIRST_VECTOR + 4), 0);
  pvi.apic_eoi();
  boundaries(2);
  same(C.apic_eoi_6, "interrupts of the low class after its call", taken(FIRST_VECTOR + 4), 1);
}

export function apic_eoi_fallback(): void {
  const veto = test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK;
  endServiceBy(END_BY_OP);
  for (let i = 1; i <= 2; i++) {
    machine.store64(veto, 0);
    pvi.init_features(0);
    raise(me(), FIRST_VECTOR + 5);
    raise(me(), FIRST_VECTOR + 6);
    boundaries(2);
    same(C.apic_eoi_5, "interrupts taken with the feature vetoed", taken(FIRST_VECTOR + 6), 2 * i - 1);
    machine.store64(veto, -1);
    pvi.init_features(0);
    raise(me(), FIRST_VECTOR + 5);
    raise(me(), FIRST_VECTOR + 6);
    boundaries(2);
    same(C.apic_eoi_5, "interrupts taken with the feature allowed again", taken(FIRST_VECTOR + 6), 2 * i);
  }
}
