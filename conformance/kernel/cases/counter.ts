/** time.*: what the clocks rest on: a counter that executes early, has any frequency, and changes when the machine does. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, canSteal, finish, me, steal } from "../lib/case";
import {
  expectRate,
  expectRealTime,
  expectSpan,
  readBetween,
  reading,
  before,
  SECOND,
  setClockForward,
  utc,
} from "../lib/clock";
import { atLeast, atMost, same } from "../lib/expect";
import { boundaries, FIRST_VECTOR, raiseLater, realTime, taken, veto } from "../lib/interrupts";
import { post, see, word } from "../lib/memory";

const READING: i32 = 0;
/** How far the counters jump, by their unit. */
const JUMP: i64 = 1 << 40;
/** Longer than a migration takes. */
const AWAY: i64 = 2_000_000;

/** Moves the guest to a machine with another counter, now. Nothing happens on bare metal. */
function migrate(): void {
  test.plan(test.PLAN_MIGRATE, 0, realTime() + 1, JUMP);
  test.advance(2);
  machine.lfence();
  test.advance(AWAY);
  boundaries(4);
}

/** What the second vCPU reads of the first one's clock comes before its own reading. */
export function time_clock_ordered(role: i32): void {
  see(READING);
  pvi.time_sched_clock();
  begin();
  machine.lfence();
  if (role === 0) {
    test.advance(1_000);
    post(READING, pvi.time_sched_clock());
    machine.mfence();
  } else {
    const earlier = see(READING);
    atLeast(C.time_sched_clock_8, "a reading, not below one seen before it", pvi.time_sched_clock(), earlier);
  }
  finish();
}

export function time_clock_migrated(): void {
  readBetween();
  const origin = reading - before;
  for (let i = 0; i < 3; i++) {
    migrate();
    expectRealTime(C.time_sched_clock_9, origin);
    expectSpan(C.time_sched_clock_9, SECOND);
  }
}

/** The machine moves at any moment of one of the readings. */
export function time_clock_migrating(): void {
  readBetween();
  const origin = reading - before;
  begin();
  expectRealTime(C.time_sched_clock_9, origin);
  const first = reading;
  expectRealTime(C.time_sched_clock_9, origin);
  atLeast(C.time_sched_clock_9, "a reading, not below the one before", reading, first);
}

/** Each time the vCPU comes back the host may publish another rate: by the end it has had every one that it knows. */
export function time_clock_frequencies(): void {
  for (let i = 0; i < 39; i++) {
    steal(me(), 5_000);
    expectSpan(C.time_sched_clock_2, SECOND / 16);
  }
}

export function time_steal_bounded(): void {
  let last = pvi.time_steal_clock(me());
  let lastReal = realTime();
  for (let i = 0; i < 4; i++) {
    if (i & 1) migrate();
    else steal(me(), 50_000);
    const now = pvi.time_steal_clock(me());
    const real = realTime();
    atLeast(C.time_steal_clock_6, "ns counted, none taken away", now, last);
    atMost(C.time_steal_clock_6, "ns counted, not more than passed", now - last, real - lastReal);
    last = now;
    lastReal = real;
  }
}

export function time_notice_given(role: i32): void {
  pvi.time_migration_notice();
  test.barrier(1);
  if (role === 0) migrate();
  test.barrier(2);
  for (let turn = 3; turn >= 0; turn--) {
    if (role === turn) same(C.time_migration_notice_1, "the first answer on a vCPU", pvi.time_migration_notice(), 1);
    test.barrier(3 + turn);
  }
}

export function time_notice_once(): void {
  migrate();
  pvi.time_migration_notice();
  for (let i = 0; i < 3; i++) {
    same(C.time_migration_notice_2, "a further answer", pvi.time_migration_notice(), 0);
    steal(me(), 5_000);
  }
  migrate();
  pvi.time_migration_notice();
  same(C.time_migration_notice_2, "the answer after that of a second migration", pvi.time_migration_notice(), 0);
}

/** The other vCPU loses its processor, and the host publishes anew, at any moment of the first one's call. */
export function time_notice_racing(role: i32): void {
  pvi.time_migration_notice();
  test.barrier(2);
  if (role === 0) migrate();
  test.barrier(3);
  begin();
  if (role === 0) {
    const first = pvi.time_migration_notice();
    post(READING, first);
    test.quiet(1);
    steal(me(), 5_000);
    same(C.time_migration_notice_2, "this answer and the one after it", first + pvi.time_migration_notice(), 1);
  } else {
    test.advance(1_000);
    see(READING);
  }
}

export function time_notice_own(role: i32): void {
  pvi.time_migration_notice();
  test.barrier(1);
  if (role === 0) migrate();
  test.barrier(2);
  if (role === 0) pvi.time_migration_notice();
  test.barrier(3);
  if (role === 1) same(C.time_migration_notice_3, "the answer after another vCPU's", pvi.time_migration_notice(), 1);
}

export function time_notice_none(): void {
  const clause = C.time_migration_notice_4;
  pvi.time_migration_notice();
  steal(me(), 1_000_000);
  same(clause, "the answer after preemption", pvi.time_migration_notice(), 0);
  raiseLater(me(), FIRST_VECTOR, 1_000_000);
  while (taken(FIRST_VECTOR) === 0) {
    machine.cli();
    machine.sti();
    machine.hlt();
  }
  same(clause, "the answer after sleep", pvi.time_migration_notice(), 0);
}

export function time_notice_clocks(): void {
  const clause = C.time_migration_notice_5;
  migrate();
  readBetween();
  const origin = reading - before;
  const wall = pvi.time_wallclock_get() - realTime();
  const stolen = pvi.time_steal_clock(me());
  pvi.time_migration_notice();
  expectRealTime(clause, origin);
  expectSpan(clause, SECOND);
  const moved = pvi.time_wallclock_get() - realTime() - wall;
  atLeast(clause, "ns that the wall clock moved, at least", moved, -1_000);
  atMost(clause, "ns that the wall clock moved, at most", moved, 1_000);
  same(clause, "stolen ns", pvi.time_steal_clock(me()), stolen);
}

export function time_notice_frequency(): void {
  const clause = C.time_migration_notice_6;
  pvi.time_cycle_frequency();
  migrate();
  same(clause, "the answer after a migration", pvi.time_migration_notice(), 1);
  expectRate(clause);
}

export function time_notice_vetoed(): void {
  veto(info.FEATURE_MIGRATION_NOTICE);
  same(C.time_migration_notice_7, "result without the feature", pvi.time_migration_notice(), info.E_NOSYS);
}

/** Where a sample goes: two neighbouring words. */
const SAMPLE: i32 = 8;
const UNTOUCHED: i64 = 0x5a5a5a5a5a5a5a5a;

export function time_pairing_counter(): void {
  for (let i = 0; i < 4; i++) {
    if (i === 2) migrate();
    const least = machine.rdtsc();
    const result = pvi.time_clock_pairing(word(SAMPLE));
    const most = machine.rdtsc();
    same(C.time_clock_pairing_1, "result", result, 0);
    const counter = machine.load64(word(SAMPLE) + 8);
    atLeast(C.time_clock_pairing_1, "the counter of the sample", counter, least);
    atMost(C.time_clock_pairing_1, "the counter of the sample", counter, most);
  }
}

export function time_pairing_utc(): void {
  for (let i = 0; i < 4; i++) {
    if (i === 2) migrate();
    if (i === 3) setClockForward(-86_400);
    test.advance(SECOND / 3);
    const least = utc() - 1_000;
    pvi.time_clock_pairing(word(SAMPLE));
    const sample = machine.load64(word(SAMPLE));
    atLeast(C.time_clock_pairing_2, "UTC of the sample in ns", sample, least);
    atMost(C.time_clock_pairing_2, "UTC of the sample in ns", sample, utc() + 1_000);
  }
}

export function time_pairing_vetoed(): void {
  veto(info.FEATURE_CLOCK_PAIRING);
  machine.store64(word(SAMPLE), UNTOUCHED);
  same(C.time_clock_pairing_3, "result without the feature", pvi.time_clock_pairing(word(SAMPLE)), info.E_NOSYS);
  same(C.time_clock_pairing_3, "where the sample would be", machine.load64(word(SAMPLE)), UNTOUCHED);
}
