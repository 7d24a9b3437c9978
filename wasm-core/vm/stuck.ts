// Schedules that do not end: deadlock, livelock, and plain lack of fuel.
import { Runstate } from "../machine/vcpu";
import { config, unitStuckClause } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { FAIL_FUEL, FAIL_STUCK, failBegin, failEnd, failure } from "./failure";
import { hostThread } from "./link";
import { run } from "./run";
import { put, putI64, putU64 } from "./text";

/** A vCPU that made a pause among its last so many points is taken to wait. */
const WAIT_POINTS: u32 = 64;
/** Nor does it wait if it computed this long since, in instructions: a loop without machine accesses makes no points. */
const WAIT_INSTRUCTIONS: u64 = 100_000;

/** Nobody can run and nothing is due. */
export function stuckDeadlock(): void {
  stuck("deadlock: no vCPU can run and no timer is armed;");
}

/** For a long time nothing but loads and pauses has happened, and no timer is armed. */
export function stuckLivelock(): void {
  stuck("livelock: everybody who runs waits for a store that does not come;");
}

/** The schedule's fuel is gone: a livelock if everybody waits, else somebody computes for ever. */
export function stuckFuel(): void {
  if (!run.booting && !run.hostActive && everybodyWaits()) return stuck("livelock: the schedule's fuel is used up and every role waits;");
  const c = cpuAt(run.current);
  failBegin(FAIL_FUEL, -1, c, run.hostActive && run.hostCpu == c.index ? hostThread : c.thread);
  put("fuel exhausted: more than ");
  putI64(run.fuelMax);
  put(run.booting ? " instructions during boot" : " instructions in one schedule");
  failEnd();
}

function everybodyWaits(): bool {
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const c = cpuAt(i);
    if (c.role < 0 || c.vcpu.runstate == Runstate.BLOCKED || c.vcpu.runstate == Runstate.HALTED || c.barrier >= 0) continue;
    if (c.pauses == 0 || c.sincePause > WAIT_POINTS) return false;
    if (<u64>c.instructions - c.pausedAt > WAIT_INSTRUCTIONS) return false;
  }
  return true;
}

function stuck(reason: string): void {
  const c = suspect();
  failBegin(FAIL_STUCK, run.booting ? -1 : unitStuckClause(), c, c.thread);
  put(reason);
  for (let i: u32 = 0; i < config.vcpus; i++) putState(cpuAt(i));
  failEnd();
  failure.half = -1;
}

/** The first vCPU whose role has not ended. */
function suspect(): Cpu {
  for (let i: u32 = 0; i < config.vcpus; i++) if (cpuAt(i).role >= 0) return cpuAt(i);
  return cpuAt(0);
}

function putState(c: Cpu): void {
  put(" vCPU ");
  putU64(c.index);
  put(c.role >= 0 ? " (its role has not ended) " : " ");
  if (c.barrier >= 0) put("waits at a barrier");
  else put(stateName(c.vcpu.runstate));
  put(c.index + 1 < config.vcpus ? "," : "");
}

function stateName(state: u32): string {
  switch (state) {
    case Runstate.OFF:
      return "is off";
    case Runstate.WAIT_SIPI:
      return "waits for SIPI";
    case Runstate.GUEST:
      return "runs";
    case Runstate.HOST:
      return "is in the host half";
    case Runstate.READY:
      return "is descheduled";
    case Runstate.BLOCKED:
      return "is blocked by the host half";
    default:
      return "is halted";
  }
}
