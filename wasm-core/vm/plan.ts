// Events that a case planned for a point of real time (test.plan): interrupts, NMIs, steals, migrations, another UTC.
//
//   entry (hot, 32 bytes): | at u64 | arg u64 | kind u32 | vcpu u32 | used u32 | reserved |
import { hotAlloc } from "../memory/arena";
import { machine } from "../machine/machine";
import { NEVER } from "../machine/timers";
import { cpuAt } from "./cpu";
import { deviceIrq, deviceNmi } from "./device";
import { migrationBegin } from "./migration";
import { run } from "./run";
import { steal } from "./steal";

export const PLAN_IRQ: u32 = 0;
export const PLAN_NMI: u32 = 1;
export const PLAN_STEAL: u32 = 2;
export const PLAN_MIGRATE: u32 = 3;
export const PLAN_UTC: u32 = 4;

const PLANS_MAX: u32 = 32;
const PLAN_BYTES: usize = 32;
let plans: usize = 0;

export function plansCreate(): bool {
  plans = hotAlloc(PLANS_MAX * PLAN_BYTES);
  return plans != 0;
}

/** Adds an event; further ones than 32 waiting are dropped. */
export function planAdd(kind: u32, vcpu: u32, at: u64, arg: u64): void {
  for (let i: u32 = 0; i < PLANS_MAX; i++) {
    const entry = plans + i * PLAN_BYTES;
    if (load<u32>(entry, 24)) continue;
    store<u64>(entry, at);
    store<u64>(entry, arg, 8);
    store<u32>(entry, kind, 16);
    store<u32>(entry, vcpu, 20);
    store<u32>(entry, 1, 24);
    run.planned = 1;
    run.deadlineDirty = 1;
    return;
  }
}

/** Real time of the next event, or of the end of a steal under way. */
export function planDeadline(): u64 {
  let next = NEVER;
  if (!run.planned) return next;
  for (let i: u32 = 0; i < PLANS_MAX; i++) {
    const entry = plans + i * PLAN_BYTES;
    if (load<u32>(entry, 24)) next = min(next, load<u64>(entry));
  }
  return next;
}

/** Makes every event happen whose time has come, in order of entry. */
export function planServe(): void {
  if (!run.planned) return;
  for (let i: u32 = 0; i < PLANS_MAX; i++) {
    const entry = plans + i * PLAN_BYTES;
    if (!load<u32>(entry, 24) || load<u64>(entry) > machine.now) continue;
    const c = cpuAt(load<u32>(entry, 20));
    const arg = load<u64>(entry, 8);
    store<u32>(entry, 0, 24);
    switch (load<u32>(entry, 16)) {
      case PLAN_IRQ:
        deviceIrq(c, <u32>arg);
        break;
      case PLAN_NMI:
        deviceNmi(c);
        break;
      case PLAN_STEAL:
        // Amid a delivery it cannot leave its CPU yet.
        if (c.walks) {
          planAdd(PLAN_STEAL, c.index, machine.now + 1, arg);
          break;
        }
        c.planSteal = machine.now + arg;
        planAdd(PLAN_WAKE, c.index, c.planSteal, 0);
        steal(c);
        break;
      case PLAN_MIGRATE:
        migrationBegin(arg);
        break;
      case PLAN_UTC:
        machine.utc_set_s += <i64>arg;
        break;
    }
  }
}

/** The end of a steal: only its time matters. */
export const PLAN_WAKE: u32 = 5;
