// What must hold after every schedule, whoever wrote the halves.
import { canaryIntact, frameCount, frameOwner, machineMemory, Owner } from "../machine/frames";
import { timeIdentityHolds } from "../machine/time";
import { Reach, reachAddress, reachAudit, reachForget, reachFrame, reachInTlb, reachVcpu } from "../machine/reach";
import { irrOf, isrOf, vcpuAt } from "../machine/vcpu";
import { DIRTY } from "../memory/arena";
import { config } from "./config";
import { cpuAt } from "./cpu";
import { FAIL_AUDIT, failAnywhere, failBegin, failEnd, failureToHost } from "./failure";
import { revokedAudit } from "./revoked";
import { put, putHex, putU64 } from "./text";

const FOREIGN_MAX: u32 = 16;
/** Frames of somebody else: u32 each. */
const foreign: usize = memory.data(64, 4);
let foreignCount: u32 = 0;

export function auditCreate(): void {
  foreignCount = 0;
  reachForget();
  for (let mfn: u32 = 0; mfn < frameCount() && foreignCount < FOREIGN_MAX; mfn++) {
    if (frameOwner(mfn) != Owner.FOREIGN) continue;
    store<u32>(foreign + (foreignCount << 2), mfn);
    foreignCount += 1;
  }
}

/** Fails the schedule if something does not hold. */
export function audit(): void {
  if (revokedAudit()) return;
  if (foreignWritten() && !canaryIntact()) return failAnywhere(FAIL_AUDIT, -1, "a frame of somebody else was written to");
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (timeIdentityHolds(vcpuAt(i))) continue;
    return failAnywhere(FAIL_AUDIT, -1, "real time is not the sum of available and stolen time");
  }
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const v = vcpuAt(i);
    if (!((load<u64>(irrOf(v)) | load<u64>(isrOf(v))) & 0xffff)) continue;
    return failAnywhere(FAIL_AUDIT, -1, "an interrupt vector below 16 is pending or in service");
  }
  const reach = reachAudit();
  if (reach) failReach(reach);
}

/** A translation reaches what its guest may not have: the host half's doing. */
function failReach(reach: u32): void {
  failBegin(FAIL_AUDIT, -1, cpuAt(reachVcpu), 0);
  put(reachInTlb ? "the TLB of vCPU " : "the tables of vCPU ");
  putU64(reachVcpu);
  put(reach == Reach.FOREIGN ? " reach" : " let the guest write");
  put(" frame ");
  putHex(reachFrame);
  put(" at ");
  putHex(reachAddress);
  put(reach == Reach.TABLE ? ", which is a page table of a live root" : reach == Reach.HOST ? ", which is the host half's" : ", which is somebody else's");
  failEnd();
  failureToHost();
}

/** Whether a page of theirs was written at all: the cheap half of the check. */
function foreignWritten(): bool {
  for (let i: u32 = 0; i < foreignCount; i++) {
    const page = machineMemory() + (<usize>load<u32>(foreign + (i << 2)) << 12);
    if (load<u8>(DIRTY + (page >>> 12))) return true;
  }
  return false;
}
