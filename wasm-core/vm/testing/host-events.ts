// Event upcalls of the test host halves: an area {u64 pending, u64 mask} and a callback per vCPU, SCHEDOP_block, and the bounce.
import { done, machineAddress } from "./host-common";
import { get, load64, mfence, set, store64, translate } from "./host-imports";

const RIP: i32 = 0x20;
const RSP: i32 = 4;
const RFLAGS: i32 = 0x22;
const CS: i32 = 0x24;
const SS: i32 = 0x25;
const CTL_EXIT: i32 = 0x53;
const INTRWIN: i64 = 64;
const EXIT_INSN: i32 = 0x70;
const EXIT_A: i32 = 0x71;
const INSN: i32 = 2;
const WINDOW: i32 = 7;
const IRET: i64 = 18;
const ENTER: i32 = 0;
const BLOCK: i32 = 1;

/** Machine address per vCPU; 0 = not registered. */
const area: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];
const callback: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];
const blocked: StaticArray<bool> = [false, false, false, false, false, false, false, false];
/** Whether the vCPU's last exit was an iret. */
const returning: StaticArray<bool> = [false, false, false, false, false, false, false, false];

export function registerEvents(vcpu: i32, gpa: i64, handler: i64): void {
  area[vcpu] = machineAddress(gpa);
  callback[vcpu] = handler;
}

/** Machine address of a vCPU's area, 0 = none. */
export function eventArea(vcpu: i32): i64 {
  return area[vcpu];
}

/** SCHEDOP_block: unmasks, then sleeps unless an event is pending. */
export function block(vcpu: i32, fence: bool): i32 {
  done(vcpu, 0);
  blocked[vcpu] = true;
  store64(area[vcpu] + 8, 0);
  if (fence) mfence();
  return load64(area[vcpu]) ? ENTER : BLOCK;
}

/** On the way to guest mode: true once for a vCPU that blocked. */
export function takeBlocked(vcpu: i32): bool {
  const was = blocked[vcpu];
  blocked[vcpu] = false;
  return was;
}

/** Whether an event is pending and not masked. */
export function eventDue(vcpu: i32): bool {
  return area[vcpu] != 0 && load64(area[vcpu]) != 0 && load64(area[vcpu] + 8) == 0;
}

/** An event upcall: a frame on the vCPU's stack, events masked, RIP at its callback. */
export function bounce(vcpu: i32): void {
  const top = get(vcpu, RSP) & ~15;
  const frame: i64 = top - 40;
  store64(translate(vcpu, frame, 1), get(vcpu, RIP));
  store64(translate(vcpu, frame + 8, 1), get(vcpu, CS));
  store64(translate(vcpu, frame + 16, 1), get(vcpu, RFLAGS));
  store64(translate(vcpu, frame + 24, 1), get(vcpu, RSP));
  store64(translate(vcpu, frame + 32, 1), get(vcpu, SS));
  store64(area[vcpu] + 8, 1);
  set(vcpu, RSP, frame);
  set(vcpu, RIP, callback[vcpu]);
}

/** True for the exits that events cause: the iret of a handler, and the interrupt window asked for behind it. The vCPU enters. */
export function eventExit(vcpu: i32, reason: i32): bool {
  if (reason == INSN && get(vcpu, EXIT_INSN) == IRET) {
    returnFrom(vcpu, get(vcpu, EXIT_A));
    returning[vcpu] = true;
    return true;
  }
  if (reason != WINDOW) return false;
  set(vcpu, CTL_EXIT, get(vcpu, CTL_EXIT) & ~INTRWIN);
  return true;
}

/** On the way to guest mode: a due upcall; behind an iret it comes at the boundary returned to, where the interrupt window opens. */
export function eventEnter(vcpu: i32): void {
  if (eventDue(vcpu)) {
    if (returning[vcpu]) set(vcpu, CTL_EXIT, get(vcpu, CTL_EXIT) | INTRWIN);
    else bounce(vcpu);
  }
  returning[vcpu] = false;
}

/** The iret of a handler, frame at va: rip, cs, rflags, rsp, ss. Events are unmasked as IF says. */
function returnFrom(vcpu: i32, frame: i64): void {
  set(vcpu, RIP, load64(translate(vcpu, frame, 0)));
  set(vcpu, RFLAGS, load64(translate(vcpu, frame + 16, 0)));
  set(vcpu, RSP, load64(translate(vcpu, frame + 24, 0)));
  store64(area[vcpu] + 8, get(vcpu, RFLAGS) & 0x200 ? 0 : 1);
}
