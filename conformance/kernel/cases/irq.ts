/** irq.*: the interrupt flag, delivery and idle. */

import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, me, setUp } from "../lib/case";
import {
  boundaries,
  FIRST_VECTOR,
  interruptsOn,
  isPending,
  nmis,
  onNmi,
  raise,
  raiseLater,
  raiseNmi,
  taken,
} from "../lib/interrupts";

const IF: i64 = machine.RFLAGS_IF;
let seenInNmi: i64 = -1;

export function irq_save_fl_both_states(): void {
  test.expect_eq(C.irq_save_fl_1, pvi.irq_save_fl() & IF, IF);
  test.expect(C.irq_save_fl_2, interruptsOn(me()));
  pvi.irq_disable();
  test.expect_eq(C.irq_save_fl_1, pvi.irq_save_fl() & IF, 0);
  test.expect(C.irq_save_fl_2, !interruptsOn(me()));
}

function saveInNmi(): void {
  seenInNmi = pvi.irq_save_fl() & IF;
}

/** An NMI may hit at any instruction of these ops. Its gate clears IF, so there the flag reads 0. */
export function irq_save_fl_in_nmi(role: i32): void {
  setUp();
  onNmi(saveInNmi);
  begin();
  if (role === 0) {
    const before = pvi.irq_save_fl() & IF;
    pvi.irq_disable();
    const disabled = pvi.irq_save_fl() & IF;
    test.expect_eq(C.irq_save_fl_3, before, IF);
    test.expect_eq(C.irq_save_fl_3, disabled, 0);
    finish();
    boundaries(2);
    test.expect_eq(C.irq_save_fl_3, nmis(), 1);
    test.expect_eq(C.irq_save_fl_3, seenInNmi, 0);
  } else {
    raiseNmi(0);
    finish();
  }
}

export function irq_disable_holds_delivery(): void {
  const vector = FIRST_VECTOR;
  pvi.irq_disable();
  raise(me(), vector);
  boundaries(8);
  test.expect_eq(C.irq_disable_1, taken(vector), 0);
  test.expect(C.irq_disable_2, isPending(me(), vector));
  pvi.irq_enable();
  boundaries(2);
  test.expect_eq(C.irq_disable_2, taken(vector), 1);
}

/** The interrupt arrives at any moment before, in or after irq.disable. */
export function irq_disable_any_arrival(role: i32): void {
  const vector = FIRST_VECTOR + 1;
  setUp();
  begin();
  if (role === 0) {
    pvi.irq_disable();
    const before = taken(vector);
    boundaries(2);
    test.expect_eq(C.irq_disable_1, taken(vector), before);
    finish();
    pvi.irq_enable();
    boundaries(2);
    test.expect_eq(C.irq_disable_2, taken(vector), 1);
  } else {
    raise(2, vector);
    finish();
  }
}

export function irq_disable_does_not_count(): void {
  const vector = FIRST_VECTOR + 2;
  pvi.irq_disable();
  pvi.irq_disable();
  pvi.irq_disable();
  pvi.irq_enable();
  test.expect(C.irq_disable_3, interruptsOn(me()));
  raise(me(), vector);
  boundaries(2);
  test.expect_eq(C.irq_disable_3, taken(vector), 1);
}

export function irq_disable_own_vcpu(role: i32): void {
  const vector = FIRST_VECTOR + 3;
  if (role === 0) pvi.irq_disable();
  test.barrier(1);
  if (role === 1) {
    test.expect(C.irq_disable_4, interruptsOn(me()));
    raise(me(), vector);
    boundaries(2);
    test.expect_eq(C.irq_disable_4, taken(vector), 1);
  }
}

export function irq_enable_delivers_pending(): void {
  const vector = FIRST_VECTOR + 4;
  pvi.irq_disable();
  raise(me(), vector);
  pvi.irq_enable();
  machine.nop();
  machine.nop();
  test.expect_eq(C.irq_enable_1, taken(vector), 1);
}

export function irq_enable_then_disable(): void {
  const vector = FIRST_VECTOR + 5;
  pvi.irq_disable();
  raise(me(), vector);
  pvi.irq_enable();
  pvi.irq_disable();
  const inTheGap = taken(vector);
  test.expect(C.irq_enable_2, inTheGap === 1 || isPending(me(), vector));
  boundaries(4);
  test.expect_eq(C.irq_enable_2, taken(vector), inTheGap);
  pvi.irq_enable();
  boundaries(2);
  test.expect_eq(C.irq_enable_2, taken(vector), 1);
}

export function irq_safe_halt_pending_before(): void {
  const vector = FIRST_VECTOR;
  pvi.irq_disable();
  raise(me(), vector);
  pvi.irq_safe_halt();
  boundaries(2);
  test.expect_eq(C.irq_safe_halt_1, taken(vector), 1);
}

/** The interrupt arrives at any moment: before the call, between enabling and sleeping, or in the sleep. */
export function irq_safe_halt_any_arrival(role: i32): void {
  const vector = FIRST_VECTOR + 1;
  setUp();
  begin();
  if (role === 0) {
    pvi.irq_disable();
    while (taken(vector) === 0) {
      pvi.irq_safe_halt();
      pvi.irq_disable();
    }
    test.expect_eq(C.irq_safe_halt_2, taken(vector), 1);
  } else {
    raise(2, vector);
  }
}

export function irq_safe_halt_in_sleep(): void {
  const vector = FIRST_VECTOR + 2;
  raiseLater(me(), vector, 50_000);
  while (taken(vector) === 0) {
    pvi.irq_disable();
    pvi.irq_safe_halt();
  }
  test.expect_eq(C.irq_safe_halt_3, taken(vector), 1);
}

export function irq_safe_halt_returns_enabled(): void {
  raiseLater(me(), FIRST_VECTOR + 3, 50_000);
  pvi.irq_disable();
  pvi.irq_safe_halt();
  test.expect(C.irq_safe_halt_4, interruptsOn(me()));
}
