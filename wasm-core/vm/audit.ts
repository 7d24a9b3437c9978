// What must hold after every schedule, whoever wrote the halves.
import { canaryIntact, frameCount, frameOwner, machineMemory, Owner } from "../machine/frames";
import { timeIdentityHolds } from "../machine/time";
import { vcpuAt } from "../machine/vcpu";
import { DIRTY } from "../memory/arena";
import { config } from "./config";
import { FAIL_AUDIT, failAnywhere } from "./failure";

const FOREIGN_MAX: u32 = 16;
/** Frames of somebody else: u32 each. */
const foreign: usize = memory.data(64, 4);
let foreignCount: u32 = 0;

export function auditCreate(): void {
  foreignCount = 0;
  for (let mfn: u32 = 0; mfn < frameCount() && foreignCount < FOREIGN_MAX; mfn++) {
    if (frameOwner(mfn) != Owner.FOREIGN) continue;
    store<u32>(foreign + (foreignCount << 2), mfn);
    foreignCount += 1;
  }
}

/** Fails the schedule if something does not hold. */
export function audit(): void {
  if (foreignWritten() && !canaryIntact()) return failAnywhere(FAIL_AUDIT, -1, "a frame of somebody else was written to");
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (timeIdentityHolds(vcpuAt(i))) continue;
    return failAnywhere(FAIL_AUDIT, -1, "real time is not the sum of available and stolen time");
  }
}

/** Whether a page of theirs was written at all: the cheap half of the check. */
function foreignWritten(): bool {
  for (let i: u32 = 0; i < foreignCount; i++) {
    const page = machineMemory() + (<usize>load<u32>(foreign + (i << 2)) << 12);
    if (load<u8>(DIRTY + (page >>> 12))) return true;
  }
  return false;
}
