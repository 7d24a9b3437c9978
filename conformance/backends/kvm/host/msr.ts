// MSRs that exit: KVM's own. A refused MSR raises #GP.
import * as host from "../../../sdk/as/host";
import { isTimerMsr, timerRead, timerWrite } from "../../lib/apic-timer";
import {
  KVM_CLOCKSOURCE2,
  KVM_PV_EOI,
  KVM_STEAL_TIME,
  MSR_PV_EOI,
  MSR_STEAL_TIME,
  MSR_SYSTEM_TIME,
  MSR_WALL_CLOCK,
  STEAL_RESERVED,
  WALL_CLOCK_BYTES,
  WALL_CLOCK_NS,
  WALL_CLOCK_SECONDS,
} from "../abi";
import { clockRegistered } from "./clock";
import { eoiWrite } from "./eoi";
import {
  areaOf,
  eoiMsr,
  injectGp,
  offered,
  setStealDue,
  setStealMsr,
  setSystemTimeMsr,
  skip,
  stealMsr,
  systemTimeMsr,
} from "./state";

const FLAG_WRITE: i64 = 1;

/** MSR_WALL_CLOCK as written last: there is one for the guest. */
let wallClock: i64 = 0;

export function exitMsr(vcpu: i32): i32 {
  const msr = <i32>host.get(vcpu, host.FIELD_EXIT_A);
  const value = host.get(vcpu, host.FIELD_EXIT_B);
  const write = (host.get(vcpu, host.FIELD_EXIT_FLAGS) & FLAG_WRITE) != 0;
  if (write ? writeMsr(vcpu, msr, value) : readMsr(vcpu, msr)) return skip(vcpu);
  return injectGp(vcpu);
}

function writeMsr(vcpu: i32, msr: i32, value: i64): bool {
  if (isTimerMsr(msr)) return timerWrite(vcpu, msr, value);
  if (msr == MSR_WALL_CLOCK && offered & KVM_CLOCKSOURCE2) return fillWallClock(value);
  if (msr == MSR_SYSTEM_TIME && offered & KVM_CLOCKSOURCE2) {
    setSystemTimeMsr(vcpu, value);
    clockRegistered(vcpu);
    return true;
  }
  if (msr == MSR_STEAL_TIME && offered & KVM_STEAL_TIME) {
    if (value & STEAL_RESERVED) return false;
    setStealMsr(vcpu, value);
    setStealDue(vcpu, true);
    return true;
  }
  if (msr == MSR_PV_EOI && offered & KVM_PV_EOI) return eoiWrite(vcpu, value);
  return false;
}

function readMsr(vcpu: i32, msr: i32): bool {
  let value: i64 = 0;
  if (isTimerMsr(msr)) value = timerRead(vcpu, msr);
  else if (msr == MSR_SYSTEM_TIME && offered & KVM_CLOCKSOURCE2) value = systemTimeMsr(vcpu);
  else if (msr == MSR_STEAL_TIME && offered & KVM_STEAL_TIME) value = stealMsr(vcpu);
  else if (msr == MSR_PV_EOI && offered & KVM_PV_EOI) value = eoiMsr(vcpu);
  else if (msr == MSR_WALL_CLOCK && offered & KVM_CLOCKSOURCE2) value = wallClock;
  else return false;
  host.set(vcpu, host.FIELD_RAX, value);
  return true;
}

/** {u32 version, u32 s, u32 ns} of UTC at system time 0, written once; an address that does not fit is ignored. */
function fillWallClock(gpa: i64): bool {
  wallClock = gpa;
  const at = areaOf(gpa, WALL_CLOCK_BYTES);
  if (at < 0) return true;
  const version = (host.load32(at) + 1) | 1;
  host.store32(at, version);
  host.store32(at + WALL_CLOCK_SECONDS, <i32>host.param(host.PARAM_UTC_S));
  host.store32(at + WALL_CLOCK_NS, 0);
  host.store32(at, version + 1);
  return true;
}
