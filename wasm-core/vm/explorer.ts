// Whose turn it is next.
import { config } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { run } from "./run";
import { runnable } from "./scheduler";

/** Points after which a vCPU lets others run: sequential cases, and searches (where only endless loops get that far). */
const QUANTUM_SEQUENTIAL: u32 = 64;
const QUANTUM_SEARCH: u32 = 1024;

/** The next runnable CPU after this one in a circle, -1 if no other is. */
export function nextAfter(c: Cpu): i32 {
  for (let i: u32 = 1; i < config.vcpus; i++) {
    const other = (c.index + i) % config.vcpus;
    if (runnable(cpuAt(other))) return other;
  }
  return -1;
}

export function switchTo(other: u32): void {
  const c = cpuAt(other);
  c.points = 0;
  c.visible = 0;
  run.current = other;
}

/** At a point of the running CPU: true = it goes on. */
export function decide(c: Cpu, id: u32, args: usize): bool {
  run.decisions += 1;
  c.points += 1;
  if (!c.yielded && c.points <= (run.sequential ? QUANTUM_SEQUENTIAL : QUANTUM_SEARCH)) return true;
  const yielded = c.yielded;
  c.yielded = 0;
  c.points = 0;
  const other = nextAfter(c);
  if (other < 0) return true;
  switchTo(other);
  return false;
}

/** The running CPU cannot run: the lowest that can is next. False = nobody can. */
export function pickNext(): bool {
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (!runnable(cpuAt(i))) continue;
    switchTo(i);
    run.decisions += 1;
    return true;
  }
  return false;
}

export function explorerCreate(): bool {
  return true;
}

/** A new schedule. */
export function explorerStart(generate: bool, lenient: bool): void {}

/** test.choose, host.choose: a value below n. */
export function choose(c: Cpu, n: u32): u64 {
  run.decisions += 1;
  return 0;
}
