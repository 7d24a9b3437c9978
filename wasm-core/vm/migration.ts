// Migration: the guest goes on on another machine, whose TSC has another rate and value. Every vCPU leaves guest mode and the host
// half is told, as by any loss of a processor; it finds the new TSC_SCALE and TSC_OFFSET, and may publish or set back what it likes.
//
//   WANTED ── lock free, all at instruction boundaries ──▶ LEAVING: sched(v, 0) ── all returned ──▶ 0: new TSC, sched(v, 1) follows
import { machine } from "../machine/machine";
import { migrateTsc } from "../machine/time";
import { Runstate } from "../machine/vcpu";
import { config, KIND_NATIVE } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { inGuest } from "./lock";
import { PLAN_WAKE, planAdd } from "./plan";
import { run } from "./run";
import { deschedule } from "./steal";
import { mayBeTakenOut } from "./timers";
import { LAYER_MACHINE, TRACE_MIGRATION, traceAdd, tracing } from "./trace";

const WANTED: u32 = 1;
const LEAVING: u32 = 2;

/** What a migration that the search lets arrive adds to every TSC: some minutes at any usual rate. */
export const ARRIVAL_OFFSET: u64 = 1 << 40;
/** How long nobody who executed runs, ns. */
const DOWNTIME_NS: u64 = 1_000_000;
/** The new rate: a sixteenth more. */
const RATE_SHIFT: u64 = 4;

/** Every TSC gets another rate and `offset` more. A bare machine is not migrated; while one migration is under way another is not begun. */
export function migrationBegin(offset: u64): void {
  if (config.kind == KIND_NATIVE || run.migration) return;
  run.migration = WANTED;
  run.migrationOffset = offset;
}

/** One step further; nobody holds the lock or waits for it. */
export function migrationGoesOn(): void {
  if (run.migration == WANTED) {
    for (let i: u32 = 0; i < config.vcpus; i++) if (!mayBeTakenOut(cpuAt(i))) return;
    for (let i: u32 = 0; i < config.vcpus; i++) leave(cpuAt(i));
    run.migration = LEAVING;
    if (run.queueCount) return;
  }
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const v = cpuAt(i).vcpu;
    migrateTsc(v, v.tsc_scale + (v.tsc_scale >> RATE_SHIFT), v.tsc_offset + run.migrationOffset);
    if (tracing) traceAdd(cpuAt(i), LAYER_MACHINE, TRACE_MIGRATION, 0, v.tsc_scale, v.tsc_offset);
  }
  run.migration = 0;
  // TSC deadlines lie elsewhere in real time now.
  run.deadlineDirty = 1;
}

/** Out of guest mode; who slept comes back at once and sleeps on, so that sleep is not stolen. sched(v, 1) is due for all that are on. */
function leave(c: Cpu): void {
  const state = c.vcpu.runstate;
  if (state == Runstate.OFF || state == Runstate.WAIT_SIPI) return;
  c.schedDue = 1;
  if (!inGuest(c)) return;
  deschedule(c);
  if (state != Runstate.GUEST) return;
  c.planSteal = machine.now + DOWNTIME_NS;
  planAdd(PLAN_WAKE, c.index, c.planSteal, 0);
}
