// A host half of kind D: starts vCPUs by their state, bounces event upcalls, and answers multicalls (direct-batch.ts).
import { done, machineAddress } from "./host-common";
import { misbehave, multicall } from "./direct-batch";
import { buildTables, entryOf, entryVa, loadRoot } from "./direct-paging";
import { get, guestFrame, rmw, set, vcpuOn, wake } from "./host-imports";
import { block, bounce, eventArea, eventDue, registerEvents, returnFrom } from "./host-events";

const RIP: i32 = 0x20;
const RSP: i32 = 4;
const EXIT_INSN: i32 = 0x70;
const EXIT_A: i32 = 0x71;
/** Vectors 64 to 127 that have arrived. */
const IRR_1: i32 = 0x84;
const INSN: i32 = 2;
const IRET: i64 = 18;
const KICK: i32 = 9;
const WINDOW: i32 = 7;
const CTL_EXIT: i32 = 0x53;
const INTRWIN: i64 = 64;
const ENTER: i32 = 0;

/** The vCPU's last exit was an iret. */
const returning: StaticArray<bool> = [false, false, false, false, false, false, false, false];

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
  if (reason == INSN && get(vcpu, EXIT_INSN) == IRET) {
    returnFrom(vcpu, get(vcpu, EXIT_A));
    returning[vcpu] = true;
    return ENTER;
  }
  if (reason == WINDOW) {
    set(vcpu, CTL_EXIT, get(vcpu, CTL_EXIT) & ~INTRWIN);
    return ENTER;
  }
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

/** Behind an iret the upcall comes at the boundary returned to: the interrupt window opens there. */
export function enter(vcpu: i32): void {
  if (eventDue(vcpu)) {
    if (returning[vcpu]) set(vcpu, CTL_EXIT, get(vcpu, CTL_EXIT) | INTRWIN);
    else bounce(vcpu);
  }
  returning[vcpu] = false;
}
