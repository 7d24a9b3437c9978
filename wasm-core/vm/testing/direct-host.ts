// A host half of kind D: starts vCPUs by their state, bounces event upcalls, and answers multicalls (direct-batch.ts).
import { done, machineAddress } from "./host-common";
import { misbehave, multicall } from "./direct-batch";
import { allowFetch, buildTables, entryOf, entryVa, fetchFaults, forbidFetch, loadRoot } from "./direct-paging";
import { get, guestFrame, kick, rmw, set, stop, vcpuOn, wake } from "./host-imports";
import { block, eventArea, eventEnter, eventExit, registerEvents } from "./host-events";

const RIP: i32 = 0x20;
const RSP: i32 = 4;
const EXIT_INSN: i32 = 0x70;
/** Vectors 64 to 127 that have arrived. */
const IRR_1: i32 = 0x84;
const KICK: i32 = 9;
const EXCEPTION: i32 = 5;
const ENTER: i32 = 0;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function boot(): i32 {
  buildTables();
  loadRoot(0);
  return 0;
}

export function exit(vcpu: i32, reason: i32): i32 {
  if (reason == KICK) return collect(vcpu);
  if (eventExit(vcpu, reason)) return ENTER;
  if (reason == EXCEPTION && get(vcpu, EXIT_INSN) == 14) return allowFetch(vcpu);
  if (reason != 1 || get(vcpu, EXIT_INSN) != 2) unreachable();
  const a = get(vcpu, 7);
  const b = get(vcpu, 6);
  switch (get(vcpu, 0) as i32) {
    case 1: return done(vcpu, entryOf(a));
    case 2: return done(vcpu, guestFrame(a as i32));
    case 3: return done(vcpu, start(a as i32, b, get(vcpu, 2)));
    case 4: return done(vcpu, entryVa(a));
    case 5: {
      registerEvents(vcpu, a, b);
      return done(vcpu, 0);
    }
    case 6: return block(vcpu, a != 0);
    case 7: return done(vcpu, wake(a as i32));
    case 8: {
      send(a as i32);
      return done(vcpu, 0);
    }
    case 13: return multicall(vcpu, a, b as i32);
    case 20: {
      misbehave(a);
      return done(vcpu, 0);
    }
    case 21: return done(vcpu, machineAddress(a));
    // Stops, or kicks, the other vCPU.
    case 26:
    case 27: {
      if (get(vcpu, 0) == 26) stop(1 - vcpu);
      else kick(1 - vcpu);
      return done(vcpu, 0);
    }
    case 28: {
      forbidFetch(vcpu, a);
      return done(vcpu, 0);
    }
    case 29: return done(vcpu, fetchFaults());
  }
  return done(vcpu, -38);
}

/** A vCPU that is off begins at rip. */
function start(target: i32, rip: i64, rsp: i64): i64 {
  loadRoot(target);
  set(target, RIP, rip);
  set(target, RSP, rsp);
  return vcpuOn(target);
}

/** An interrupt of the machine becomes an event. */
function collect(vcpu: i32): i32 {
  if (get(vcpu, IRR_1)) {
    set(vcpu, IRR_1, 0);
    if (eventArea(vcpu)) send(vcpu);
  }
  return ENTER;
}

function send(target: i32): void {
  rmw(0x133, eventArea(target), 1);
  wake(target);
}

export function enter(vcpu: i32): void {
  eventEnter(vcpu);
}
