// x2APIC registers as MSRs 0x800–0x83F.
import * as host from "../../../sdk/as/host";
import { isTimerMsr, timerRead, timerWrite } from "../../lib/apic-timer";
import {
  apicIdOf,
  apicWord,
  ESR,
  ESR_PENDING,
  LVT,
  logicalId,
  priority,
  retire,
  SVR,
  setApicWord,
} from "./apic";
import { sendIpi, sendSelf } from "./ipi";

const VERSION: i64 = 0x0005_0014;
const X2APIC: i32 = 0x800;
/** LVT entries but the timer's: thermal, performance, LINT0, LINT1, error. */
const LVT_FIRST: i32 = 0x33;
const LVT_LAST: i32 = 0x37;

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
  if (register >= LVT_FIRST && register <= LVT_LAST) {
    apicValue = <i64>(<u32>apicWord(vcpu, LVT + ((register - LVT_FIRST) << 2)));
    return true;
  }
  if (isTimerMsr(X2APIC + register)) {
    apicValue = timerRead(vcpu, X2APIC + register);
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
    default: return false;
  }
  return true;
}

/** False: #GP. */
export function writeApic(vcpu: i32, register: i32, value: i64): bool {
  if (register == 0x30) return sendIpi(vcpu, value);
  if (isTimerMsr(X2APIC + register)) return timerWrite(vcpu, X2APIC + register, value);
  if (value >> 32) return false;
  const low = <i32>value;
  if (register >= LVT_FIRST && register <= LVT_LAST) {
    setApicWord(vcpu, LVT + ((register - LVT_FIRST) << 2), low);
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
