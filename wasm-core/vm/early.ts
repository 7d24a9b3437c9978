// RDTSC that executes early: it waits for no load before it, so it may read the counter before such loads are done (Intel SDM vol. 2,
// RDTSC: not serializing; LFENCE orders it). Kept only where the case declares the choice.
//
//   moments (u64 each, behind the Cpu record): entry i = real time from which on the i-th of the latest plain loads could execute
import { MachineOp } from "../machine/ops";
import { machine } from "../machine/machine";
import { tscAt } from "../machine/time";
import { FLAG_EARLY, unitFlags } from "./config";
import { Cpu, EARLY_MAX, momentAt } from "./cpu";

/** No instruction has completed since the vCPU was last serialised: its next load could not begin before it executes. */
const NOT_YET: u64 = ~(<u64>0);

/** Nothing from here on executes before this moment. */
export function orderAll(c: Cpu): void {
  c.loads = 0;
  c.early = 0;
  c.completedAt = NOT_YET;
}

/** Real time at which the pending RDTSC reads the counter if it executes n loads early. */
@inline
export function momentOf(c: Cpu, n: u32): u64 {
  return load<u64>(momentAt(c, c.loads - n));
}

/** The pending RDTSC executes before the latest n loads; false if there are not so many, or it does already. */
export function hoist(c: Cpu, n: u32): bool {
  if (c.pendingId != <u32>MachineOp.rdtsc || c.early || n == 0 || n > c.loads) return false;
  c.early = n;
  return true;
}

/** An instruction has completed; the value of an early RDTSC is replaced by that of its moment. */
export function orderAfter(c: Cpu, id: u32, args: usize): void {
  if (!(unitFlags() & FLAG_EARLY)) return;
  if (id <= <u32>MachineOp.load64) {
    if (c.loads == EARLY_MAX) {
      memory.copy(momentAt(c, 0), momentAt(c, 1), (EARLY_MAX - 1) << 3);
      c.loads -= 1;
    }
    store<u64>(momentAt(c, c.loads), c.completedAt == NOT_YET ? machine.now : c.completedAt);
    c.loads += 1;
  } else {
    if (c.early) store<u64>(args, tscAt(c.vcpu, momentOf(c, c.early)));
    c.loads = 0;
    c.early = 0;
  }
  c.completedAt = machine.now;
}
