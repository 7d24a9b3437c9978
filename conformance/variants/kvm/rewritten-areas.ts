// KVM's guest half, hostile: it rewrites the steal area of vCPU 0 from another vCPU, at any moment of the host's own update.
import { STEAL_PREEMPTED, STEAL_VERSION } from "../../backends/kvm/abi";
import { stealArea } from "../../backends/kvm/guest/areas";
import * as machine from "../../sdk/as/machine";
import { DONE } from "./lib";

export * from "../../backends/kvm/guest";

const ODD: i32 = -1;
const JUNK: i64 = -0x5555_5555_5555_5555;

export function parley_hostile_step(k: i32, end: i64): i32 {
  const at = stealArea(0);
  if (k == 0) machine.store32(at + STEAL_VERSION, ODD);
  else if (k == 1) machine.store64(at, JUNK);
  else if (k == 2) machine.store8(at + STEAL_PREEMPTED, 0xfc);
  else if (k == 3) machine.store64(at + 24, JUNK);
  else return DONE;
  return 0;
}
