/** irq.*: the interrupt flag, delivery and idle. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, me } from "../lib/case";
import { atLeast, atMost, holds, same } from "../lib/expect";
import {
  boundaries,
  FIRST_VECTOR,
  interruptsOn,
  isPending,
  onNmi,
  raise,
  raiseLater,
  realTime,
  taken,
  waitTaken,
} from "../lib/interrupts";

const IF: i64 = machine.RFLAGS_IF;
let seenInNmi: i64 = -1;

export function irq_save_fl_both_states(): void {
  same(C.irq_save_fl_1, "IF while enabled", pvi.irq_save_fl() & IF, IF);
  holds(C.irq_save_fl_2, "interrupts are still enabled", interruptsOn(me()));
  pvi.irq_disable();
  same(C.irq_save_fl_1, "IF while disabled", pvi.irq_save_fl() & IF, 0);
  holds(C.irq_save_fl_2, "interrupts are still disabled", !interruptsOn(me()));
}

function saveInNmi(): void {
  seenInNmi = pvi.irq_save_fl() & IF;
}

/** An NMI may hit at any instruction of these ops, private ones too. Its gate clears IF, so there the flag reads 0. */
export function irq_save_fl_in_nmi(): void {
  onNmi(saveInNmi);
  begin();
  const before = pvi.irq_save_fl() & IF;
  pvi.irq_disable();
  const disabled = pvi.irq_save_fl() & IF;
  same(C.irq_save_fl_3, "IF before irq.disable", before, IF);
  same(C.irq_save_fl_3, "IF after irq.disable", disabled, 0);
  if (seenInNmi !== -1) same(C.irq_save_fl_3, "IF inside the NMI handler", seenInNmi, 0);
}

function fillRegisters(): void {
  for (let r = machine.RCX; r < 16; r++) if (r !== machine.RSP) machine.set_reg(r, 0x5eed00 + r);
}

function expectRegisters(clause: i32): void {
  for (let r = machine.RCX; r < 16; r++) {
    if (r !== machine.RSP) same(clause, "a register other than RAX", machine.reg(r), 0x5eed00 + r);
  }
}

export function irq_keep_registers(): void {
  fillRegisters();
  pvi.irq_disable();
  expectRegisters(C.irq_disable_5);
  pvi.irq_save_fl();
  expectRegisters(C.irq_save_fl_4);
  pvi.irq_enable();
  expectRegisters(C.irq_enable_3);
}

export function irq_disable_holds_delivery(): void {
  const vector = FIRST_VECTOR;
  pvi.irq_disable();
  raise(me(), vector);
  boundaries(8);
  same(C.irq_disable_1, "interrupts taken while disabled", taken(vector), 0);
  holds(C.irq_disable_2, "the interrupt is pending", isPending(me(), vector));
  pvi.irq_enable();
  boundaries(2);
  same(C.irq_disable_2, "interrupts taken after irq.enable", taken(vector), 1);
}

/** The interrupt arrives at any moment before, in or after irq.disable. */
export function irq_disable_any_arrival(role: i32): void {
  const vector = FIRST_VECTOR + 1;
  begin();
  if (role === 0) {
    pvi.irq_disable();
    const before = taken(vector);
    boundaries(2);
    same(C.irq_disable_1, "interrupts taken since irq.disable returned", taken(vector), before);
    finish();
    pvi.irq_enable();
    waitTaken(vector, 1);
    same(C.irq_disable_2, "interrupts taken after irq.enable", taken(vector), 1);
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
  holds(C.irq_disable_3, "interrupts are enabled after one irq.enable", interruptsOn(me()));
  raise(me(), vector);
  boundaries(2);
  same(C.irq_disable_3, "interrupts taken after one irq.enable", taken(vector), 1);
}

export function irq_disable_own_vcpu(role: i32): void {
  const vector = FIRST_VECTOR + 3;
  if (role === 0) pvi.irq_disable();
  test.barrier(1);
  if (role === 1) {
    holds(C.irq_disable_4, "the bystander has interrupts enabled", interruptsOn(me()));
    raise(me(), vector);
    boundaries(2);
    same(C.irq_disable_4, "interrupts taken by the bystander", taken(vector), 1);
  }
}

export function irq_enable_delivers_pending(): void {
  const vector = FIRST_VECTOR + 4;
  machine.cli();
  raise(me(), vector);
  pvi.irq_enable();
  machine.lfence();
  machine.lfence();
  same(C.irq_enable_1, "interrupts taken two instructions after irq.enable", taken(vector), 1);
}

export function irq_enable_then_disable(): void {
  const vector = FIRST_VECTOR + 5;
  pvi.irq_disable();
  raise(me(), vector);
  pvi.irq_enable();
  pvi.irq_disable();
  const inTheGap = taken(vector);
  holds(C.irq_enable_2, "the interrupt was taken or is pending", inTheGap === 1 || isPending(me(), vector));
  boundaries(4);
  same(C.irq_enable_2, "interrupts taken while disabled again", taken(vector), inTheGap);
  pvi.irq_enable();
  boundaries(2);
  same(C.irq_enable_2, "interrupts taken in the end", taken(vector), 1);
}

export function irq_safe_halt_pending_before(): void {
  const vector = FIRST_VECTOR;
  pvi.irq_disable();
  raise(me(), vector);
  pvi.irq_safe_halt();
  boundaries(2);
  same(C.irq_safe_halt_1, "interrupts taken when the halt returned", taken(vector), 1);
}

/** The interrupt arrives at any moment: before the call, between enabling and sleeping, or in the sleep. */
export function irq_safe_halt_any_arrival(role: i32): void {
  const vector = FIRST_VECTOR + 6;
  begin();
  if (role === 0) {
    pvi.irq_disable();
    while (taken(vector) === 0) {
      pvi.irq_safe_halt();
      pvi.irq_disable();
    }
    same(C.irq_safe_halt_2, "interrupts taken when the halt returned", taken(vector), 1);
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
  same(C.irq_safe_halt_3, "interrupts taken when the halt returned", taken(vector), 1);
}

export function irq_safe_halt_returns_enabled(): void {
  raiseLater(me(), FIRST_VECTOR + 3, 50_000);
  pvi.irq_disable();
  pvi.irq_safe_halt();
  holds(C.irq_safe_halt_4, "interrupts are enabled after the halt", interruptsOn(me()));
}

export function irq_safe_halt_enabled(): void {
  const vector = FIRST_VECTOR + 4;
  const due = realTime() + 50_000;
  raiseLater(me(), vector, 50_000);
  while (taken(vector) === 0) pvi.irq_safe_halt();
  atLeast(C.irq_safe_halt_5, "real time when the halt returned", realTime(), due);
  holds(C.irq_safe_halt_5, "interrupts are enabled after the halt", interruptsOn(me()));
}

/** The interrupt may come between any two instructions, private ones too. */
export function irq_enable_any_arrival(): void {
  const vector = FIRST_VECTOR + 7;
  begin();
  pvi.irq_disable();
  const waiting = isPending(me(), vector);
  const before = taken(vector);
  pvi.irq_enable();
  test.quiet(1);
  boundaries(2);
  if (waiting) same(C.irq_enable_1, "interrupts taken soon after irq.enable", taken(vector), before + 1);
  // Another that may come is left alone.
  atMost(C.irq_enable_1, "interrupts taken of one arrival", taken(vector), 1);
}

export function irq_restore_both_states(): void {
  const enabled = pvi.irq_save_fl();
  pvi.irq_disable();
  const disabled = pvi.irq_save_fl();
  pvi.irq_restore(enabled);
  holds(C.irq_restore_1, "interrupts are enabled after restoring", interruptsOn(me()));
  pvi.irq_restore(disabled);
  holds(C.irq_restore_1, "interrupts are disabled after restoring", !interruptsOn(me()));
  pvi.irq_restore(IF);
  holds(C.irq_restore_2, "interrupts are enabled by bit 9 alone", interruptsOn(me()));
  pvi.irq_restore(~IF);
  holds(C.irq_restore_2, "interrupts are disabled by all bits but bit 9", !interruptsOn(me()));
}

export function irq_restore_delivers_pending(): void {
  const vector = FIRST_VECTOR + 5;
  const enabled = pvi.irq_save_fl();
  pvi.irq_disable();
  raise(me(), vector);
  pvi.irq_restore(enabled);
  boundaries(2);
  same(C.irq_restore_3, "interrupts taken two instructions after irq.restore", taken(vector), 1);
}

let nmis: i32 = 0;

function countNmi(): void {
  nmis += 1;
}

function nmiLater(delay: i64): void {
  test.plan(test.PLAN_NMI, me(), realTime() + delay, 0);
}

export function irq_halt_enabled(): void {
  const vector = FIRST_VECTOR + 6;
  raiseLater(me(), vector, 50_000);
  while (taken(vector) === 0) pvi.irq_halt();
  same(C.irq_halt_1, "interrupts taken when the park returned", taken(vector), 1);
}

export function irq_halt_disabled(): void {
  const vector = FIRST_VECTOR + 7;
  onNmi(countNmi);
  pvi.irq_disable();
  raiseLater(me(), vector, 10_000);
  nmiLater(50_000);
  while (nmis === 0) pvi.irq_halt();
  same(C.irq_halt_2, "interrupts taken in the park", taken(vector), 0);
  holds(C.irq_halt_2, "the interrupt is pending", isPending(me(), vector));
  pvi.irq_enable();
  boundaries(2);
  same(C.irq_halt_2, "interrupts taken after irq.enable", taken(vector), 1);
}

export function irq_halt_nmi(): void {
  onNmi(countNmi);
  nmiLater(50_000);
  while (nmis === 0) pvi.irq_halt();
  pvi.irq_disable();
  nmiLater(50_000);
  while (nmis === 1) pvi.irq_halt();
  same(C.irq_halt_3, "NMIs taken", nmis, 2);
}

export function irq_halt_keeps_flag(): void {
  onNmi(countNmi);
  nmiLater(50_000);
  pvi.irq_halt();
  holds(C.irq_halt_4, "interrupts are enabled as before", interruptsOn(me()));
  pvi.irq_disable();
  nmiLater(50_000);
  pvi.irq_halt();
  holds(C.irq_halt_4, "interrupts are disabled as before", !interruptsOn(me()));
}

export function irq_sint_config_refuses(): void {
  const masked: i64 = 0x10000;
  same(C.irq_sint_config_1, "result for source 16", pvi.irq_sint_config(16, masked), info.E_INVAL);
  same(C.irq_sint_config_1, "result for vector 15", pvi.irq_sint_config(0, 15), info.E_INVAL);
}
