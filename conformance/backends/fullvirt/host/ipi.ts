// The interrupt command register: fixed interrupts, NMI, INIT and SIPI to one, some or all vCPUs.
import * as host from "../../../sdk/as/host";
import { apicIdOf, apicWord, ESR_PENDING, ESR_SEND_ILLEGAL, logicalId, setApicWord } from "./apic";
import { tell } from "./events";
import { sendInit, sendStartup } from "./startup";
import { vcpus } from "./state";

/** Bits 12, 13, 16, 17 and 20–31. */
const RESERVED: i64 = 0xfff3_3000;
const MODE_FIXED: i32 = 0;
const MODE_NMI: i32 = 4;
const MODE_INIT: i32 = 5;
const MODE_STARTUP: i32 = 6;
const LOGICAL: i64 = 0x800;
const EVERYBODY: i32 = -1;

/** False: #GP. */
export function sendIpi(vcpu: i32, icr: i64): bool {
  const mode = <i32>(icr >> 8) & 7;
  if (icr & RESERVED || mode == 1 || mode == 3 || mode == 7) return false;
  host.set(vcpu, host.FIELD_ICR, icr);
  const vector = <i32>icr & 0xff;
  if (mode == MODE_FIXED && vector < 16) {
    setApicWord(vcpu, ESR_PENDING, apicWord(vcpu, ESR_PENDING) | ESR_SEND_ILLEGAL);
    return true;
  }
  const shorthand = <i32>(icr >> 18) & 3;
  for (let target = 0; target < vcpus; target++) {
    const self = target == vcpu;
    const chosen = shorthand == 0 ? isDestination(target, icr) : shorthand == 1 ? self : shorthand == 2 || !self;
    if (chosen) send(vcpu, target, mode, vector, icr);
  }
  return true;
}

/** SELF IPI register. False: #GP. */
export function sendSelf(vcpu: i32, vector: i32): bool {
  if (<u32>vector > 255) return false;
  host.irq(vcpu, vector);
  return true;
}

/** Whether an ICR without shorthand names the vCPU: by id, or by cluster and bit. */
function isDestination(target: i32, icr: i64): bool {
  const destination = <i32>(icr >> 32);
  if (destination == EVERYBODY) return true;
  if (!(icr & LOGICAL)) return destination == apicIdOf(target);
  const logical = logicalId(target);
  return destination >>> 16 == logical >>> 16 && (destination & logical & 0xffff) != 0;
}

function send(vcpu: i32, target: i32, mode: i32, vector: i32, icr: i64): void {
  if (mode == MODE_INIT) return sendInit(vcpu, target, icr);
  if (mode == MODE_STARTUP) return sendStartup(target, vector);
  const state = host.get(target, host.FIELD_RUNSTATE);
  if ((mode != MODE_FIXED && mode != MODE_NMI) || state == host.RUNSTATE_OFF) return;
  if (mode == MODE_NMI) host.nmi(target);
  else host.irq(target, vector);
  if (target != vcpu) tell(target);
}
