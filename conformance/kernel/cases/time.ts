/** time.*: the clock against real time, and stolen time against what the host took. */

import * as info from "../../sdk/as/info";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, canSteal, finish, isToldOfSteal, me, steal, vcpus } from "../lib/case";
import {
  after,
  before,
  expectRate,
  expectRealTime,
  expectSpan,
  HOUR,
  readBetween,
  reading,
  SECOND,
  setClockForward,
  utc,
} from "../lib/clock";
import { atLeast, atMost, same } from "../lib/expect";
import { FIRST_VECTOR, onInterrupt, raise, raiseLater, realTime, taken, veto, waitTaken } from "../lib/interrupts";
import { post, see } from "../lib/memory";

/** Shared word for a reading that another vCPU compares with its own. */
const READING: i32 = 0;
let seenInHandler: i64 = -1;
/** An arrival before the reading that it is compared with says nothing. */
let earlierRead: bool = false;

export function time_clock_monotone(): void {
  let last = pvi.time_sched_clock();
  for (let i = 0; i < 32; i++) {
    if (i === 16) steal(me(), 5_000);
    test.advance(i & 3);
    const now = pvi.time_sched_clock();
    atLeast(C.time_sched_clock_1, "a reading, not below the one before", now, last);
    last = now;
  }
}

export function time_clock_rate(): void {
  expectSpan(C.time_sched_clock_2, 1);
  expectSpan(C.time_sched_clock_2, 999);
  expectSpan(C.time_sched_clock_2, 1_000_000);
  expectSpan(C.time_sched_clock_2, 1_000_000_000);
}

export function time_clock_hours(): void {
  expectSpan(C.time_sched_clock_3, HOUR);
  expectSpan(C.time_sched_clock_3, 100 * HOUR);
}

/** The host takes a vCPU's processor at any moment and publishes new parameters when it gives it back, 1 ms later. */
export function time_clock_torn(role: i32): void {
  readBetween();
  const origin = reading - before;
  begin();
  if (role === 0) {
    expectRealTime(C.time_sched_clock_4, origin);
    post(READING, reading);
  } else {
    test.advance(1_000_000);
    see(READING);
  }
}

export function time_clock_across_vcpus(role: i32): void {
  const stable = (pvi.init_features(0) & info.FEATURE_CLOCK_STABLE) !== 0;
  see(READING);
  pvi.time_sched_clock();
  begin();
  if (role === 0) {
    post(READING, pvi.time_sched_clock());
  } else {
    const earlier = see(READING);
    const now = pvi.time_sched_clock();
    atLeast(C.time_sched_clock_5, "a reading, not below an earlier one elsewhere", now, stable ? earlier : now);
  }
  finish();
}

/** A rate published with 32 bits is up to 1 ns per s slow: parameters that only one vCPU gets anew tell another time. */
export function time_clock_same_base(role: i32): void {
  if (role === 0) {
    test.advance(10 * HOUR);
    steal(me(), 5_000);
    post(READING, pvi.time_sched_clock());
    test.barrier(1);
  } else {
    test.barrier(1);
    atLeast(C.time_sched_clock_5, "a reading, not below one elsewhere", pvi.time_sched_clock(), see(READING));
  }
}

export function time_clock_goes_on(): void {
  const vector = FIRST_VECTOR;
  const start = pvi.time_sched_clock();
  raiseLater(me(), vector, 1_000_000);
  while (taken(vector) === 0) {
    pvi.irq_disable();
    pvi.irq_safe_halt();
  }
  const awake = pvi.time_sched_clock();
  atLeast(C.time_sched_clock_6, "ns by the clock over 1 ms of sleep", awake - start, 990_000);
  if (!canSteal()) return;
  steal(me(), 1_000_000);
  atLeast(C.time_sched_clock_6, "ns by the clock over 1 ms of preemption", pvi.time_sched_clock() - awake, 990_000);
}

function readInHandler(): void {
  if (earlierRead) seenInHandler = pvi.time_sched_clock();
}

/** The interrupt, whose handler reads the clock too, arrives anywhere: even between two private instructions. */
export function time_clock_in_handler(): void {
  onInterrupt(readInHandler);
  const start = pvi.time_sched_clock();
  earlierRead = true;
  begin();
  const first = pvi.time_sched_clock();
  test.quiet(1);
  const second = pvi.time_sched_clock();
  atLeast(C.time_sched_clock_7, "the first reading, not below an earlier one", first, start);
  atLeast(C.time_sched_clock_7, "the second reading, not below the first", second, first);
  if (seenInHandler === -1) return;
  atLeast(C.time_sched_clock_7, "the reading in the handler, not below an earlier one", seenInHandler, start);
  atMost(C.time_sched_clock_7, "the reading in the handler, not above a later one", seenInHandler, pvi.time_sched_clock());
}

export function time_steal_counts(): void {
  const start = pvi.time_steal_clock(me());
  const stolenBefore = test.state(me(), test.STATE_STOLEN_NS);
  const realBefore = realTime();
  steal(me(), 1_000_000);
  const counted = pvi.time_steal_clock(me()) - start;
  const stolen = test.state(me(), test.STATE_STOLEN_NS) - stolenBefore;
  const least = isToldOfSteal() ? stolen - 10 : 0;
  atLeast(C.time_steal_clock_1, "ns counted, all that were stolen", counted, least);
  atMost(C.time_steal_clock_1, "ns counted, not more than passed", counted, realTime() - realBefore);
}

export function time_steal_not_asleep(): void {
  const vector = FIRST_VECTOR + 2;
  const start = pvi.time_steal_clock(me());
  const stolenBefore = test.state(me(), test.STATE_STOLEN_NS);
  raiseLater(me(), vector, 1_000_000);
  while (taken(vector) === 0) {
    pvi.irq_disable();
    pvi.irq_safe_halt();
  }
  const stolen = test.state(me(), test.STATE_STOLEN_NS) - stolenBefore;
  atMost(C.time_steal_clock_2, "ns counted over 1 ms of sleep", pvi.time_steal_clock(me()) - start, stolen + 10);
}

/** One vCPU is preempted again and again; another one reads about it at any moment. */
export function time_steal_monotone(role: i32): void {
  pvi.time_steal_clock(0);
  if (role === 0) steal(me(), 0x1_0000_0000);
  begin();
  if (role === 0) {
    test.advance(7_000);
    const own = pvi.time_steal_clock(0);
    atLeast(C.time_steal_clock_3, "own stolen ns, not below the reading before", pvi.time_steal_clock(0), own);
  } else {
    const first = pvi.time_steal_clock(0);
    atLeast(C.time_steal_clock_3, "stolen ns of vCPU 0, not below the reading before", pvi.time_steal_clock(0), first);
  }
  finish();
}

export function time_steal_of_others(role: i32): void {
  const own = pvi.time_steal_clock(0);
  const others = pvi.time_steal_clock(1);
  if (role === 0) {
    test.barrier(1);
    steal(1, 1_000_000);
    test.barrier(2);
    test.barrier(3);
    const stolen = test.state(1, test.STATE_STOLEN_NS);
    const least = isToldOfSteal() ? others + 990_000 : 0;
    atLeast(C.time_steal_clock_4, "ns counted for vCPU 1 after 1 ms was stolen", pvi.time_steal_clock(1), least);
    atMost(C.time_steal_clock_4, "ns counted for vCPU 1", pvi.time_steal_clock(1), stolen + 10);
    const ownStolen = test.state(0, test.STATE_STOLEN_NS);
    atMost(C.time_steal_clock_4, "ns counted for vCPU 0", pvi.time_steal_clock(0) - own, ownStolen + 10);
    same(C.time_steal_clock_5, "ns of the first absent vCPU", pvi.time_steal_clock(vcpus()), 0);
    same(C.time_steal_clock_5, "ns of vCPU 255", pvi.time_steal_clock(255), 0);
    same(C.time_steal_clock_5, "ns of vCPU -1", pvi.time_steal_clock(-1), 0);
  } else {
    test.barrier(1);
    test.barrier(2);
    test.barrier(3);
  }
}

export function time_frequency_rate(): void {
  expectRate(C.time_cycle_frequency_1);
}

export function time_frequency_everywhere(role: i32): void {
  post(role, pvi.time_cycle_frequency());
  finish();
  steal(me(), 5_000);
  for (let other = 0; other < 4; other++)
    same(C.time_cycle_frequency_2, "Hz on another vCPU", see(other), pvi.time_cycle_frequency());
}

/** One moment per schedule, s after the machine was switched on: around ends of months, leap days and centuries. */
export function time_wallclock_utc(): void {
  const moments = memory.data<i64>([
    360000, // 2006-01-05 04:00:00
    5097570, // 2006-02-28 23:59:30
    5097607, // 2006-03-01 00:00:07
    41949296, // 2007-05-01 12:34:56
    49795262, // 2007-07-31 08:01:02
    68230859, // 2008-02-29 17:00:59
    89349300, // 2008-10-31 03:15:00
    94694360, // 2008-12-31 23:59:20
    178761601, // 2011-09-01 00:00:01
    2971490828, // 2100-03-01 06:07:08
  ]);
  begin();
  // Without its feature a backend asks the machine's clock, or what stands in for it.
  if (test.choose(2) !== 0) veto(info.FEATURE_WALLCLOCK);
  test.advance(load<i64>(moments + (test.choose(10) << 3)) * SECOND);
  const least = utc() - SECOND;
  const now = pvi.time_wallclock_get();
  atLeast(C.time_wallclock_get_1, "UTC in ns", now, least);
  atMost(C.time_wallclock_get_1, "UTC in ns", now, utc() + SECOND);
}

export function time_wallclock_rate(): void {
  const firstBefore = realTime();
  const first = pvi.time_wallclock_get();
  const firstAfter = realTime();
  test.advance(SECOND);
  const secondBefore = realTime();
  const grown = pvi.time_wallclock_get() - first;
  const most = realTime() - firstBefore;
  const least = secondBefore - firstAfter;
  atLeast(C.time_wallclock_get_2, "ns by the wall clock over a second", grown, least - 2 - (least >> 30));
  atMost(C.time_wallclock_get_2, "ns by the wall clock over a second", grown, most + 2 + (most >> 30));
}

export function time_wallclock_everywhere(role: i32): void {
  for (let turn = 0; turn < 4; turn++) {
    if (role === turn) {
      const now = pvi.time_wallclock_get();
      atLeast(C.time_wallclock_get_3, "UTC in ns, not below an earlier reading elsewhere", now, see(READING));
      post(READING, now);
      test.advance(300_000_000);
    }
    test.barrier(1 + turn);
  }
}

/** 40 days, 9 h 34 min 56 s: every part of the date is another one afterwards. */
const FORWARD_S: i64 = 3_490_496;

/** Whoever fills in the time of day has known another one. */
export function time_wallclock_late(): void {
  setClockForward(FORWARD_S);
  const least = utc() - SECOND;
  const now = pvi.time_wallclock_get();
  atLeast(C.time_wallclock_get_1, "UTC in ns by the clock that was set", now, least);
  atMost(C.time_wallclock_get_1, "UTC in ns by the clock that was set", now, utc() + SECOND);
}

/** The machine's clock is set between two readings. It need not be seen, but then nobody sees it. */
export function time_wallclock_stepped(role: i32): void {
  readBetween();
  const origin = reading - before;
  if (role === 0) pvi.time_wallclock_get();
  test.barrier(1);
  if (role === 1) {
    setClockForward(FORWARD_S);
    post(READING, pvi.time_wallclock_get());
  }
  test.barrier(2);
  const now = pvi.time_wallclock_get();
  atLeast(C.time_wallclock_get_3, "UTC in ns, not below an earlier reading elsewhere", now, see(READING));
  expectRealTime(C.time_sched_clock_2, origin);
}

/** The same at any moment of the reading. */
export function time_wallclock_stepping(role: i32): void {
  const earliest = utc() - SECOND;
  begin();
  if (role === 1) return setClockForward(FORWARD_S);
  const now = pvi.time_wallclock_get();
  const passed = (now - earliest) % (FORWARD_S * SECOND);
  atLeast(C.time_wallclock_get_4, "ns after the earliest time, by one of the settings", passed, 0);
  atMost(C.time_wallclock_get_4, "ns after the earliest time, by one of the settings", passed, 2 * SECOND);
}

/** What time.wallclock_set is given: 1 January 2030. */
const LATER: i64 = 1_893_456_000 * SECOND;

function maySetWallclock(): bool {
  return (pvi.init_features(2) & info.PRIVILEGE_WALLCLOCK) !== 0;
}

export function time_wallclock_set_moves(role: i32): void {
  if (role === 0) test.advance(3 * SECOND);
  test.barrier(3);
  const before = pvi.time_wallclock_get();
  test.barrier(1);
  if (role === 0) post(READING, pvi.time_wallclock_set(LATER));
  test.barrier(2);
  const want = maySetWallclock() ? LATER : before;
  const now = pvi.time_wallclock_get();
  atLeast(C.time_wallclock_set_1, "UTC in ns after it was set", now, want);
  atMost(C.time_wallclock_set_1, "UTC in ns after it was set", now, want + SECOND);
}

export function time_wallclock_set_refused(): void {
  const before = pvi.time_wallclock_get();
  const allowed = maySetWallclock();
  const result = pvi.time_wallclock_set(allowed ? before : LATER);
  same(C.time_wallclock_set_2, "result, E_PERM without the privilege", result, allowed ? 0 : info.E_PERM);
  atMost(C.time_wallclock_set_2, "UTC in ns", pvi.time_wallclock_get(), before + SECOND);
}
