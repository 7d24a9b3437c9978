/** rule.processor.1: registers of the local APIC, and whom its commands reach. */

import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { me, vcpus } from "../lib/case";
import { exception, GP, raised, recordExceptions } from "../lib/exceptions";
import { holds, same } from "../lib/expect";
import { boundaries, delivered, END_NOT, endServiceBy, FIRST_VECTOR, onInterrupt, taken } from "../lib/interrupts";

const APIC: i32 = 0x800;
const EOI: i32 = 0xb;
const SVR: i32 = 0xf;
const ESR: i32 = 0x28;
const ICR: i32 = 0x30;
const SELF_IPI: i32 = 0x3f;
const PRIORITY: i32 = 0xa;
/** Physical destination 0xFFFFFFFF: everybody. */
const EVERYBODY: i64 = (<i64>0xffffffff) << 32;
let seenPriority: i64 = 0;
let seenService: i64 = 0;

function apicReads(clause: i32, register: i32, want: i64): void {
  same(clause, "a register of the APIC", machine.rdmsr(APIC + register), want);
}

function noteService(): void {
  seenPriority = machine.rdmsr(APIC + PRIORITY);
  seenService = machine.rdmsr(APIC + 0x10 + 2);
}

/** The registers of the local APIC as the processor has them, where `apic.read` and `apic.write` need not go. */
export function processor_apic(): void {
  const clause = C.rule_processor_1;
  recordExceptions();
  const id = test.param(test.TEST_PARAM_APIC_ID | (me() << 8));
  apicReads(clause, 0x2, id);
  apicReads(clause, 0x3, 0x50014);
  apicReads(clause, 0xd, ((id >> 4) << 16) | (1 << (id & 15)));
  for (let i = 0; i < 8; i++) apicReads(clause, 0x18 + i, 0);
  for (let i = 0; i < 5; i++) apicReads(clause, 0x33 + i, 0x10000);
  for (let i = 0; i < 5; i++) machine.wrmsr(APIC + 0x33 + i, 0x10040 + i);
  for (let i = 0; i < 5; i++) apicReads(clause, 0x33 + i, 0x10040 + i);
  machine.wrmsr(APIC + 8, 0x35);
  apicReads(clause, PRIORITY, 0x35);
  machine.wrmsr(APIC + 8, 0);
  machine.wrmsr(APIC + SVR, 0x2ff);
  apicReads(clause, SVR, 0xff);
  // Disabled by software it holds interrupts back; enabled, it lets them pass.
  machine.wrmsr(APIC + SELF_IPI, FIRST_VECTOR);
  boundaries(2);
  same(clause, "interrupts taken from an APIC that is disabled", taken(FIRST_VECTOR), 0);
  machine.wrmsr(APIC + SVR, 0x1ff);
  boundaries(2);
  same(clause, "interrupts taken once it is enabled", taken(FIRST_VECTOR), 1);
  machine.wrmsr(APIC + ICR, 5);
  apicReads(clause, ICR, 5);
  apicReads(clause, ESR, 0);
  machine.wrmsr(APIC + ESR, 0);
  apicReads(clause, ESR, 0x20);
  machine.wrmsr(APIC + ESR, 0);
  apicReads(clause, ESR, 0);
  const read = memory.data<i32>([0x0, 0x1, 0x4, 0x9, 0xb, 0xc, 0xe, 0x29, 0x2f, 0x31, 0x3a, 0x3d, 0x3f]);
  for (let i = 0; i < 13; i++) {
    machine.rdmsr(APIC + load<i32>(read + (i << 2)));
    same(clause, "exception of reading where no register is", raised(), exception(GP));
  }
  const written = memory.data<i32>([0x0, 0x2, 0x3, 0xa, 0xd, 0x10, 0x20, 0x31, 0x3a]);
  for (let i = 0; i < 9; i++) refusesApic(clause, load<i32>(written + (i << 2)), 0);
  const long = memory.data<i32>([0x8, 0xb, 0xf, 0x28, 0x33, 0x37, 0x3f]);
  for (let i = 0; i < 7; i++) refusesApic(clause, load<i32>(long + (i << 2)), 0x100000000);
  refusesApic(clause, 8, 0x100);
  refusesApic(clause, EOI, 1);
  refusesApic(clause, ESR, 1);
  refusesApic(clause, SELF_IPI, 0x140);
  const commands = memory.data<i64>([0x1140, 0x2040, 0x10040, 0x20040, 0x100040, 0x80000040, 0x140, 0x340, 0x740]);
  for (let i = 0; i < 9; i++) refusesApic(clause, ICR, load<i64>(commands + (i << 3)));
  apicReads(clause, ICR, 5);
  onInterrupt(noteService);
  endServiceBy(END_NOT);
  machine.wrmsr(APIC + SELF_IPI, FIRST_VECTOR + 3);
  boundaries(2);
  same(clause, "the priority of a vector in service", seenPriority, 0x40);
  same(clause, "the vector in service", seenService, 1 << 3);
  machine.wrmsr(APIC + EOI, 0);
  apicReads(clause, 0x12, 0);
  apicReads(clause, PRIORITY, 0);
  machine.wrmsr(APIC + EOI, 0);
  same(clause, "exception of an EOI of nothing", raised(), 0);
}

function refusesApic(clause: i32, register: i32, value: i64): void {
  machine.wrmsr(APIC + register, value);
  same(clause, "exception of what a register of the APIC refuses", raised(), exception(GP));
}

/** Sends and expects who has been interrupted by vector FIRST_VECTOR + k so far, a bit for each vCPU. */
function reaches(clause: i32, command: i64, k: i32, want: i32): void {
  machine.wrmsr(APIC + ICR, command | (FIRST_VECTOR + k));
  for (let turn = 0; turn < 16; turn++) machine.pause();
  boundaries(2);
  let who = 0;
  for (let v = 0; v < vcpus(); v++) who |= <i32>delivered(v, FIRST_VECTOR + k) << v;
  same(clause, "vCPUs that were interrupted", who, want);
}

function logical(vcpu: i32): i64 {
  const id = test.param(test.TEST_PARAM_APIC_ID | (vcpu << 8));
  return (((id >> 4) << 16) | (1 << (id & 15))) << 32;
}

/** Logical destinations name members of one cluster of sixteen. vCPUs 0 and 2 share theirs. */
export function processor_destinations(): void {
  const clause = C.rule_processor_1;
  const LOGICAL: i64 = 0x800;
  reaches(clause, logical(2) | LOGICAL, 0, 4);
  reaches(clause, logical(0) | logical(2) | LOGICAL, 1, 5);
  reaches(clause, logical(1) | LOGICAL, 2, 2);
  // All other members that its cluster can have.
  reaches(clause, (logical(1) ^ ((<i64>0xffff) << 32)) | LOGICAL, 3, 0);
  reaches(clause, EVERYBODY | LOGICAL, 4, 15);
  reaches(clause, EVERYBODY, 5, 15);
  // Physically the same number is nobody's id.
  reaches(clause, logical(2), 6, 0);
  // The level of INIT is de-asserted: nothing happens.
  machine.wrmsr(APIC + ICR, (test.param(test.TEST_PARAM_APIC_ID | (2 << 8)) << 32) | 0x8500);
  reaches(clause, logical(2) | LOGICAL, 7, 4);
}
