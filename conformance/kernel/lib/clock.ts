/** time.sched_clock and time.cycle_frequency held against real time. */
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import { me } from "./case";
import { atLeast, atMost } from "./expect";
import { realTime } from "./interrupts";

export const SECOND: i64 = 1_000_000_000;
export const HOUR: i64 = 3600 * SECOND;
/** Far below the time that passes between two publications of the clock's parameters. */
const SLACK: i64 = 1000;

/** A clock reading together with the real time just before and after it. */
export let before: i64 = 0;
export let reading: i64 = 0;
export let after: i64 = 0;

export function readBetween(): void {
  before = realTime();
  reading = pvi.time_sched_clock();
  after = realTime();
}

/** UTC in ns, by the machine's clock as it is set now. */
export function utc(): i64 {
  return test.param(test.TEST_PARAM_UTC_S) * SECOND + realTime();
}

/** Sets the machine's clock `seconds` forward, now. */
export function setClockForward(seconds: i64): void {
  test.plan(test.PLAN_UTC, 0, realTime() + 1, seconds);
  test.advance(2);
  machine.lfence();
}

/** Expects the clock to have advanced by `duration` ns, within 2 ns and one part in 2^30, while real time did. */
export function expectSpan(clause: i32, duration: i64): void {
  readBetween();
  const firstBefore = before;
  const first = reading;
  const firstAfter = after;
  test.advance(duration);
  readBetween();
  const least = before - firstAfter;
  const most = after - firstBefore;
  atLeast(clause, "ns by the clock, at least", reading - first, least - 2 - (least >> 30));
  atMost(clause, "ns by the clock, at most", reading - first, most + 2 + (most >> 30));
}

/** Expects a reading to be real time plus `origin`, within a microsecond. */
export function expectRealTime(clause: i32, origin: i64): void {
  readBetween();
  atLeast(clause, "a reading, not before real time", reading, before + origin - SLACK);
  atMost(clause, "a reading, not after real time", reading, after + origin + SLACK);
}

/** Expects time.cycle_frequency to give the counts of a second of this vCPU's TSC. */
export function expectRate(clause: i32): void {
  const startCount = test.state(me(), test.STATE_TSC);
  const start = realTime();
  test.advance(SECOND);
  const counts = test.state(me(), test.STATE_TSC) - startCount;
  // A few ns pass between the readings of one pair.
  const want = (counts * SECOND) / (realTime() - start);
  const slack = (want >> 30) + 64;
  const hz = pvi.time_cycle_frequency();
  atLeast(clause, "Hz, the counts of a second", hz, want - slack);
  atMost(clause, "Hz, the counts of a second", hz, want + slack);
}
