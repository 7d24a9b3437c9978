// Wall clock of the native half: the real-time clock, read once by whoever asks first, and from there on the clock.
//
// Shared page: @8 i64 UTC in ns at clock 0, 0 while nobody has asked
import * as machine from "../../sdk/as/machine";
import { sharedVa } from "../lib/info";
import { clockRead } from "./clock";

const PORT_INDEX: i32 = 0x70;
const PORT_DATA: i32 = 0x71;
const SECOND: i32 = 0x00;
const MINUTE: i32 = 0x02;
const HOUR: i32 = 0x04;
const DAY: i32 = 0x07;
const MONTH: i32 = 0x08;
const YEAR: i32 = 0x09;
const CENTURY: i32 = 0x32;
const STATUS_A: i32 = 0x0a;
const STATUS_B: i32 = 0x0b;
const UPDATING: i32 = 0x80;
const BINARY: i32 = 4;

const NS_PER_S: i64 = 1_000_000_000;
const CMPXCHG_64: i32 = machine.SIZE_64 | machine.LOCK;

export function wallclockGet(): i64 {
  const at = sharedVa + 8;
  let origin = machine.load64(at);
  if (!origin) {
    const found = rtcSeconds() * NS_PER_S - clockRead();
    const before = machine.cmpxchg(CMPXCHG_64, at, 0, found);
    origin = before ? before : found;
  }
  return origin + clockRead();
}

/** The time that all vCPUs tell from here on. */
export function wallclockSet(utc_ns: i64): void {
  machine.store64(sharedVa + 8, utc_ns - clockRead());
  machine.mfence();
}

function register(index: i32): i32 {
  machine.out_port(PORT_INDEX, 1, index);
  return machine.in_port(PORT_DATA, 1);
}

/** A register of the date, which may be binary or BCD. */
function number(index: i32): i64 {
  const value = register(index);
  return register(STATUS_B) & BINARY ? value : (value >> 4) * 10 + (value & 15);
}

/** UTC in s. Index and data are two ports that handlers might use as well, so IF = 0. */
function rtcSeconds(): i64 {
  const rflags = machine.pushf();
  machine.cli();
  let before: i64 = -1;
  let now = snapshot();
  // Twice the same: no update came between two registers.
  while (now != before) {
    before = now;
    now = snapshot();
  }
  machine.popf(rflags);
  return now;
}

function snapshot(): i64 {
  // 0xFF: there is no such clock, nothing to wait for.
  while (register(STATUS_A) != 0xff && register(STATUS_A) & UPDATING) machine.pause();
  const days = daysSince1970(number(CENTURY) * 100 + number(YEAR), number(MONTH), number(DAY));
  return ((days * 24 + number(HOUR)) * 60 + number(MINUTE)) * 60 + number(SECOND);
}

/** Counts years from March on, so that leap days come last. */
function daysSince1970(year: i64, month: i64, day: i64): i64 {
  const years = month <= 2 ? year - 1 : year;
  const months = month <= 2 ? month + 9 : month - 3;
  return years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 719469;
}
