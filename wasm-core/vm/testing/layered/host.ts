// A two-layer host half of kind D with a second level: hypercalls of Xen (numbers of public/xen.h) in front of a Microsoft-like core.
import { done } from "../host-common";
import { buildTables, entryOf, loadRoot, rootAddress, tableFrame, useAddresses } from "../direct-paging";
import { eventArea, eventEnter, eventExit, registerEvents } from "../host-events";
import { get, load64, mfence, now, rmw, set, stop, store64, vcpuOff } from "../host-imports";
import { flushVps, gpaFrame, machineOf, overlay, pageOf, partitionCreate, protect, vpEnters, vpSignal, vpStart, vpTimer, vpWaits } from "./core";
import { errnoOf } from "./status";
import { AGAIN, forgetContext, initialise, isInitialised } from "./vcpu-context";

const RIP: i32 = 0x20;
const RSP: i32 = 4;
const BAD_ENTRY: i32 = 11;
const ENTER: i32 = 0;
const BLOCK: i32 = 1;
const OFF: i32 = 3;
const VCPUOP_initialise: i64 = 0;
const VCPUOP_up: i64 = 1;
const ENOENT: i64 = -2;
const ENOSYS: i64 = -38;

let badEntries: i64 = 0;
/** Real time at which the timer expired, 0 = it has not. */
let expiredAt: i64 = 0;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function boot(): i32 {
  partitionCreate();
  useAddresses(gpaFrame, machineOf);
  buildTables();
  for (let i = 0; tableFrame(i) >= 0; i++) protect(tableFrame(i));
  loadRoot(0);
  return 0;
}

export function exit(vcpu: i32, reason: i32): i32 {
  if (eventExit(vcpu, reason)) return ENTER;
  if (reason == BAD_ENTRY) {
    badEntries += 1;
    return OFF;
  }
  if (reason != 1) unreachable();
  return hypercall(vcpu, get(vcpu, 0) as i32, get(vcpu, 7), get(vcpu, 6), get(vcpu, 2));
}

function hypercall(vcpu: i32, nr: i32, a: i64, b: i64, c: i64): i32 {
  switch (nr) {
    case 3: return done(vcpu, startAtBoot(a as i32, b, c));
    case 15: return setTimer(vcpu, a, b != 0);
    case 24: return vcpuOp(vcpu, a, b as i32, c);
    case 26: {
      flushVps(vcpu, a, b == 0);
      return done(vcpu, 0);
    }
    case 29: return block(vcpu);
    case 32: return send(vcpu, a as i32);
  }
  return done(vcpu, forTests(vcpu, nr, a, b));
}

/** Calls that only the tests have. */
function forTests(vcpu: i32, nr: i32, a: i64, b: i64): i64 {
  switch (nr) {
    case 40: return gpaFrame(a as i32);
    case 41: return pageOf(a);
    case 42: return entryOf(a);
    case 43: {
      // An update of a page-table entry, in the partition's addresses.
      store64(entryOf(a), b);
      flushVps(vcpu, -1, true);
      return 0;
    }
    case 53: {
      // The same without the flush.
      store64(entryOf(a), b);
      return 0;
    }
    case 44: {
      registerEvents(vcpu, a, b);
      return 0;
    }
    case 45: {
      registerEvents(a as i32, b, 0);
      return 0;
    }
    case 46: {
      overlay(vcpu, a, b != 0);
      return 0;
    }
    case 47: return errnoOf(a as i32);
    case 48: return badEntries;
    case 49: return expiredAt;
    case 50: {
      stop(a as i32);
      vcpuOff(a as i32);
      forgetContext(a as i32);
      return 0;
    }
    case 51: return rootAddress();
    case 52: return load64(machineOf(a));
  }
  return ENOSYS;
}

function startAtBoot(target: i32, rip: i64, rsp: i64): i64 {
  loadRoot(target);
  set(target, RIP, rip);
  set(target, RSP, rsp);
  return errnoOf(vpStart(target));
}

/** set_timer_op: an absolute time in ns becomes units of 100 ns, rounded up: never early. Rounded down: wrong. */
function setTimer(vcpu: i32, at: i64, down: bool): i32 {
  vpTimer(vcpu, (at + (down ? 0 : 99)) / 100);
  return done(vcpu, 0);
}

/** VCPUOP_initialise with R10 = how (vcpu-context.ts); VCPUOP_up masks the target's upcalls. */
function vcpuOp(vcpu: i32, op: i64, target: i32, context: i64): i32 {
  if (op == VCPUOP_initialise) {
    const result = initialise(vcpu, target, context, get(vcpu, 10) as i32);
    return result == AGAIN ? ENTER : done(vcpu, result);
  }
  if (op != VCPUOP_up) return done(vcpu, ENOSYS);
  if (<u32>target > 7 || !isInitialised(target)) return done(vcpu, ENOENT);
  if (eventArea(target)) store64(eventArea(target) + 8, 1);
  return done(vcpu, errnoOf(vpStart(target)));
}

/** SCHEDOP_block: unmasks; the core's wait, unless an event is pending. */
function block(vcpu: i32): i32 {
  done(vcpu, 0);
  store64(eventArea(vcpu) + 8, 0);
  mfence();
  if (load64(eventArea(vcpu))) return ENTER;
  return vpWaits(vcpu) ? BLOCK : ENTER;
}

/** EVTCHNOP_send: pending in the shared area, then the core's signal. */
function send(vcpu: i32, target: i32): i32 {
  rmw(0x133, eventArea(target), 1);
  vpSignal(target);
  return done(vcpu, 0);
}

export function timer(vcpu: i32, slot: i32): void {
  expiredAt = now();
}

export function enter(vcpu: i32): void {
  vpEnters(vcpu);
  eventEnter(vcpu);
}
