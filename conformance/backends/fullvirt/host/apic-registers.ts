// x2APIC registers as MSRs 0x800–0x83F.
import * as host from "../../../sdk/as/host";
import {
  apicIdOf,
  apicQuad,
  apicWord,
  DIVIDE,
  ESR,
  ESR_PENDING,
  INITIAL,
  LVT_TIMER,
  logicalId,
  priority,
  retire,
  SVR,
  setApicWord,
} from "./apic";
import { sendIpi, sendSelf } from "./ipi";
import { currentCount, startCountdown, writeLvtTimer } from "./timer";

const VERSION: i64 = 0x0005_0014;

/** Value of the last read that succeeded. */
export let apicValue: i64 = 0;

/** False: #GP. */
export function readApic(vcpu: i32, register: i32): bool {
  apicValue = 0;
  if (register >= 0x10 && register <= 0x27) {
    // ISR, TMR (no level-triggered interrupts: zero), IRR: eight registers of 32 bits each.
    const first = register < 0x18 ? host.FIELD_ISR : register >= 0x20 ? host.FIELD_IRR : 0;
    const half = (register & 1) << 5;
    if (first) apicValue = (host.get(vcpu, first + ((register & 7) >> 1)) >> <i64>half) & 0xffff_ffff;
    return true;
  }
  if (register >= 0x32 && register <= 0x37) {
    apicValue = apicWord(vcpu, LVT_TIMER + ((register - 0x32) << 2));
    return true;
  }
  switch (register) {
    case 0x02: apicValue = apicIdOf(vcpu); break;
    case 0x03: apicValue = VERSION; break;
    case 0x08: apicValue = host.get(vcpu, host.FIELD_TPR); break;
    case 0x0a: apicValue = priority(vcpu); break;
    case 0x0d: apicValue = <i64>(<u32>logicalId(vcpu)); break;
    case 0x0f: apicValue = apicWord(vcpu, SVR); break;
    case 0x28: apicValue = apicWord(vcpu, ESR); break;
    case 0x30: apicValue = host.get(vcpu, host.FIELD_ICR); break;
    case 0x38: apicValue = apicQuad(vcpu, INITIAL); break;
    case 0x39: apicValue = currentCount(vcpu); break;
    case 0x3e: apicValue = apicWord(vcpu, DIVIDE); break;
    default: return false;
  }
  return true;
}

/** False: #GP. */
export function writeApic(vcpu: i32, register: i32, value: i64): bool {
  if (register == 0x30) return sendIpi(vcpu, value);
  if (value >> 32) return false;
  const low = <i32>value;
  if (register >= 0x33 && register <= 0x37) {
    setApicWord(vcpu, LVT_TIMER + ((register - 0x32) << 2), low);
    return true;
  }
  switch (register) {
    case 0x08: return <u32>low <= 255 && host.set(vcpu, host.FIELD_TPR, low) == 0;
    case 0x0b: {
      if (low) return false;
      retire(vcpu);
      return true;
    }
    case 0x0f: setApicWord(vcpu, SVR, low & 0x1ff); break;
    case 0x28: return latchErrors(vcpu, low);
    case 0x32: writeLvtTimer(vcpu, low); break;
    case 0x38: startCountdown(vcpu, <i64>(<u32>low)); break;
    case 0x3e: {
      if (low & ~0xb) return false;
      setApicWord(vcpu, DIVIDE, low);
      break;
    }
    case 0x3f: return sendSelf(vcpu, low);
    default: return false;
  }
  return true;
}

/** A write of 0 moves what was collected into view. */
function latchErrors(vcpu: i32, value: i32): bool {
  if (value) return false;
  setApicWord(vcpu, ESR, apicWord(vcpu, ESR_PENDING));
  setApicWord(vcpu, ESR_PENDING, 0);
  return true;
}
