// The guest's local APIC in x2APIC mode. IRR, ISR, TPR and ICR are the machine's fields, so that devices can set IRR directly.
//
// Its timer is backends/lib/apic-timer.ts.
//
//   record (32 bytes): | svr esr esr-pending u32 | lvt[5] u32 (thermal, perf, lint0, lint1, error) |
import * as host from "../../../sdk/as/host";
import { VCPUS_MAX, vcpus } from "./state";

const RECORD_BYTES: i32 = 32;
const records: usize = memory.data(256, 8);
const ids: usize = memory.data(8);
const SVR_ENABLED: i32 = 0x100;
const SVR_RESET: i32 = 0x1ff;
const LVT_MASKED: i32 = 0x10000;
const LVTS: i32 = 5;

export const SVR: i32 = 0;
export const ESR: i32 = 4;
export const ESR_PENDING: i32 = 8;
export const LVT: i32 = 12;
export const ESR_SEND_ILLEGAL: i32 = 1 << 5;

@inline
function at(vcpu: i32, offset: i32): usize {
  return records + vcpu * RECORD_BYTES + offset;
}

@inline
export function apicWord(vcpu: i32, offset: i32): i32 {
  return load<i32>(at(vcpu, offset));
}

@inline
export function setApicWord(vcpu: i32, offset: i32, value: i32): void {
  store<i32>(at(vcpu, offset), value);
}

/** Enabled by software, as firmware leaves it; everything masked. */
export function apicReset(vcpu: i32): void {
  memory.fill(at(vcpu, 0), 0, RECORD_BYTES);
  setApicWord(vcpu, SVR, SVR_RESET);
  for (let i = 0; i < LVTS; i++) setApicWord(vcpu, LVT + (i << 2), LVT_MASKED);
}

export function apicInit(): void {
  for (let vcpu = 0; vcpu < VCPUS_MAX; vcpu++) {
    apicReset(vcpu);
    if (vcpu < vcpus) store<u8>(ids + vcpu, <u8>host.get(vcpu, host.FIELD_APIC_ID));
  }
}

/** APIC id of a vCPU, kept here because the machine tells it only while the vCPU is out of guest mode. */
export function apicIdOf(vcpu: i32): i32 {
  return load<u8>(ids + vcpu);
}

/** Highest vector of the 256-bit table that begins at field `first`, −1 if it is empty. */
export function highest(vcpu: i32, first: i32): i32 {
  for (let i = 3; i >= 0; i--) {
    const bits = host.get(vcpu, first + i);
    if (bits) return (i << 6) + 63 - <i32>clz(bits);
  }
  return -1;
}

/** Processor priority: the higher class of TPR and the vector in service. */
export function priority(vcpu: i32): i32 {
  const tpr = <i32>host.get(vcpu, host.FIELD_TPR);
  const serviced = highest(vcpu, host.FIELD_ISR);
  const service = serviced < 0 ? 0 : serviced & 0xf0;
  return service > (tpr & 0xf0) ? service : tpr;
}

/** The vector that passes the priority, −1 if none does. The interrupt flag is not looked at. */
export function offered(vcpu: i32): i32 {
  const vector = highest(vcpu, host.FIELD_IRR);
  if (vector < 0 || !(apicWord(vcpu, SVR) & SVR_ENABLED)) return -1;
  return (vector & 0xf0) > (priority(vcpu) & 0xf0) ? vector : -1;
}

/** The vector is in service from now on. */
export function accept(vcpu: i32, vector: i32): void {
  toggle(vcpu, host.FIELD_IRR, vector);
  toggle(vcpu, host.FIELD_ISR, vector);
}

function toggle(vcpu: i32, first: i32, vector: i32): void {
  const field = first + (vector >> 6);
  host.set(vcpu, field, host.get(vcpu, field) ^ ((<i64>1) << <i64>(vector & 63)));
}

/** EOI: the highest vector in service is retired. */
export function retire(vcpu: i32): void {
  const vector = highest(vcpu, host.FIELD_ISR);
  if (vector >= 0) toggle(vcpu, host.FIELD_ISR, vector);
}

/** Logical destination register: cluster in 31:16, bit in 15:0. */
export function logicalId(vcpu: i32): i32 {
  const id = apicIdOf(vcpu);
  return ((id >> 4) << 16) | (1 << (id & 15));
}
