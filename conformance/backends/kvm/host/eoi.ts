// PV EOI. A vCPU with an area takes its interrupts here: each one leaves guest mode, is put in service and injected, and the bit of
// the area then spares the guest the EOI register. What cannot be injected at once is the virtual APIC's, and so is its end.
import * as host from "../../../sdk/as/host";
import { EOI_BYTES, EOI_PENDING, EOI_RESERVED, MSR_ENABLE } from "../abi";
import { areaOf, eoiMsr, eoiPublished, setEoiMsr, setEoiPublished } from "./state";

const RFLAGS_IF: i64 = 0x200;
const STI_SHADOW: i64 = 1;
const SVR_ENABLED: i64 = 0x100;
const EVENT_VALID: i64 = 0x8000_0000;
const CLASS: i32 = 0xf0;

/** Machine address of the vCPU's area, −1 when none is registered. */
function area(vcpu: i32): i64 {
  const msr = eoiMsr(vcpu);
  return msr & MSR_ENABLE ? areaOf(msr & ~MSR_ENABLE, EOI_BYTES) : -1;
}

/** WRMSR of MSR_PV_EOI; false for #GP: a reserved bit, or an area that is not there. */
export function eoiWrite(vcpu: i32, value: i64): bool {
  if (value & EOI_RESERVED || (value & MSR_ENABLE && areaOf(value & ~MSR_ENABLE, EOI_BYTES) < 0)) return false;
  setEoiMsr(vcpu, value);
  return true;
}

/** Out of guest mode the bit is the host's again. The guest has ended the service if it has cleared it, and has to by the register if not. */
export function eoiTaken(vcpu: i32): void {
  if (!eoiPublished(vcpu)) return;
  setEoiPublished(vcpu, false);
  const at = area(vcpu);
  if (host.load8(at) & EOI_PENDING) host.store8(at, 0);
  else retire(vcpu);
}

/** Last thing before guest mode: injects what waits, or leaves it to the virtual APIC; returns the control that goes with it. */
export function eoiEntered(vcpu: i32): i64 {
  eoiTaken(vcpu);
  const at = area(vcpu);
  if (at < 0) return 0;
  const waiting = highest(vcpu, host.FIELD_IRR);
  if (waiting >= 0 && isOpen(vcpu, waiting)) inject(vcpu, waiting);
  // Whoever waits for the end of another's service needs the register's: that is seen at once.
  if (highest(vcpu, host.FIELD_IRR) >= 0) return 0;
  if (highest(vcpu, host.FIELD_ISR) >= 0) {
    host.store8(at, EOI_PENDING);
    setEoiPublished(vcpu, true);
  }
  return host.CTL_ARRX;
}

/** Whether the vCPU would take an interrupt of this vector at the boundary where it is. */
function isOpen(vcpu: i32, vector: i32): bool {
  if (host.get(vcpu, host.FIELD_ENTRY_EVENT) & EVENT_VALID) return false;
  if (!(host.get(vcpu, host.FIELD_RFLAGS) & RFLAGS_IF) || host.get(vcpu, host.FIELD_INTR_STATE) & STI_SHADOW) return false;
  if (!(host.get(vcpu, host.FIELD_SVR) & SVR_ENABLED)) return false;
  const priority = max(<i32>host.get(vcpu, host.FIELD_TPR), highest(vcpu, host.FIELD_ISR));
  return (vector & CLASS) > (priority & CLASS);
}

function inject(vcpu: i32, vector: i32): void {
  flip(vcpu, host.FIELD_IRR, vector);
  flip(vcpu, host.FIELD_ISR, vector);
  host.set(vcpu, host.FIELD_ENTRY_EVENT, EVENT_VALID | vector);
}

function retire(vcpu: i32): void {
  const vector = highest(vcpu, host.FIELD_ISR);
  if (vector >= 0) flip(vcpu, host.FIELD_ISR, vector);
}

/** Highest vector in the four words of 64 bits from `field` on, −1 if there is none. */
function highest(vcpu: i32, field: i32): i32 {
  for (let i = 3; i >= 0; i--) {
    const bits = host.get(vcpu, field + i);
    if (bits) return (i << 6) + 63 - <i32>clz(bits);
  }
  return -1;
}

function flip(vcpu: i32, field: i32, vector: i32): void {
  const word = field + (vector >> 6);
  host.set(vcpu, word, host.get(vcpu, word) ^ ((<i64>1) << (vector & 63)));
}
