// Linking a pairing to a machine, and the boot that ends in the snapshot all units start from.
import { asThread } from "../engine/thread";
import { bootLayout, stackTopVa } from "../machine/boot";
import { config as machineConfig, configProblem, setApicId } from "../machine/config";
import { machineCreate, machineReset } from "../machine/machine";
import { setRunstate } from "../machine/time";
import { RSP, Runstate, setReg } from "../machine/vcpu";
import { snapshotTake } from "../memory/snapshot";
import { auditCreate } from "./audit";
import { config, configApicId, configDefaults } from "./config";
import { enterCode } from "./contexts";
import { costsCreate } from "./costs";
import { cpuAt, cpusCreate } from "./cpu";
import { errorBegin, errorEnd, refuse } from "./errors";
import { explorerCreate, explorerStart } from "./explorer";
import { notesClear } from "./failure";
import { hostInstance, hostThread, linkModules } from "./link";
import { Result, result, writeOutcome } from "./outcome";
import { outcomesForget } from "./outcome-set";
import { startAddress } from "./params";
import { plansCreate } from "./plan";
import { revokedCreate } from "./revoked";
import { HOST_BOOT, END_NONE, END_OK, queuePush, run, runCreate } from "./run";
import { madeClear, plannedClear, schedulePrint } from "./schedule";
import { scheduleRun } from "./scheduler";
import { put } from "./text";
import { traceCreate, traceRecord } from "./trace";

export const BOOT_MORE: u32 = 0;
export const BOOT_DONE: u32 = 1;
export const BOOT_FAILED: u32 = 2;

const STATE_NOTHING: u32 = 0;
const STATE_LINKED: u32 = 1;
const STATE_BOOTING: u32 = 2;
const STATE_BOOTED: u32 = 3;
let state: u32 = STATE_NOTHING;

export function bootForget(): void {
  state = STATE_NOTHING;
}

export function isBooted(): bool {
  return state == STATE_BOOTED;
}

/** Makes the machine as configured and links the loaded modules to it; 0, or the refusal. */
export function linkMachine(): u32 {
  if (state != STATE_NOTHING) return refuse("E_LINK", -1, "a pairing is linked once: reset first");
  configDefaults();
  if (!machineReset()) return outOfMemory();
  machineConfig.kind = config.kind;
  machineConfig.vcpus = config.vcpus;
  machineConfig.pages = config.memoryPages;
  machineConfig.host_pages = config.hostPages;
  machineConfig.tsc_hz = config.tscHz;
  machineConfig.seed = config.seed;
  machineConfig.feature_mask = config.featureMask;
  machineConfig.slat = config.slat;
  const vcpus = config.vcpus < 8 ? config.vcpus : 8;
  for (let i: u32 = 0; i < vcpus; i++) setApicId(i, configApicId(i));
  const problem = configProblem();
  if (problem) {
    errorBegin("E_CONFIG", -1, -1, -1);
    put(problem);
    return errorEnd();
  }
  if (!machineCreate() || !bootLayout()) return outOfMemory();
  if (!cpusCreate() || !runCreate() || !plansCreate() || !revokedCreate() || !costsCreate() || !traceCreate() || !explorerCreate()) return outOfMemory();
  auditCreate();
  const refused = linkModules();
  if (!refused) state = STATE_LINKED;
  return refused;
}

function outOfMemory(): u32 {
  return refuse("E_MEMORY", -1, "the machine does not fit into the 96 MiB of one instance, or is too small for the boot layout");
}

/** Runs boot for at most `fuel`. A failure writes its outcome. */
export function bootRun(fuel: u32): u32 {
  if (state == STATE_BOOTED) return BOOT_DONE;
  if (state == STATE_NOTHING) return BOOT_FAILED;
  if (state == STATE_LINKED) bootBegin();
  if (!scheduleRun(fuel)) return BOOT_MORE;
  traceRecord(false);
  state = STATE_NOTHING;
  settleThreads();
  if (run.end == END_OK && snapshotTake()) {
    state = STATE_BOOTED;
    return BOOT_DONE;
  }
  result.failed = 1;
  result.fuel = run.fuelUsed;
  result.steps = run.decisions;
  result.tried = 1;
  schedulePrint();
  writeOutcome();
  return BOOT_FAILED;
}

/** Fuel left over is the caller's slice, not state. */
function settleThreads(): void {
  for (let i: u32 = 0; i < config.vcpus; i++) asThread(cpuAt(i).thread).fuel = 0;
  if (hostInstance) asThread(hostThread).fuel = 0;
}

function bootBegin(): void {
  state = STATE_BOOTING;
  memory.fill(changetype<usize>(result), 0, offsetof<Result>());
  result.notOffered = -1;
  outcomesForget();
  notesClear();
  plannedClear();
  madeClear();
  traceRecord(true);
  explorerStart(false, false);
  run.end = END_NONE;
  run.booting = 1;
  run.sequential = 1;
  run.fuelMax = config.fuelBoot;
  run.deadlineDirty = 1;
  const c = cpuAt(0);
  c.vcpu.rip = startAddress();
  setReg(c.vcpu, RSP, stackTopVa(0));
  if (!hostInstance) {
    enterCode(c, false, true);
    return;
  }
  setRunstate(c.vcpu, Runstate.OFF);
  queuePush(false, HOST_BOOT, 0, 0, 0);
}

/** host.boot has returned well: vCPU 0 goes to guest mode with the fields as they are. */
export function bootFirstEntry(): void {
  const v = cpuAt(0).vcpu;
  if (v.runstate == Runstate.OFF) setRunstate(v, Runstate.READY);
}

/** Whether boot has come to rest: every vCPU that was started is parked. */
export function bootAtRest(): bool {
  if (run.hostActive || run.queueCount) return false;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const c = cpuAt(i);
    const state = c.vcpu.runstate;
    if (state == Runstate.OFF || state == Runstate.WAIT_SIPI) continue;
    if (!c.parked || state != Runstate.HALTED) return false;
  }
  return cpuAt(0).parked != 0;
}
