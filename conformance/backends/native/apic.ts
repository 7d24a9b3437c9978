// apic.* of the native half: the local APIC in x2APIC mode. The register at offset 0xR0 of the memory-mapped page is MSR 0x800 + 0xR.
import { E_INVAL } from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";

const MSR_X2APIC: i32 = 0x800;
const REGISTERS: u32 = 64;
/** Bit per register: ID, version, TPR, PPR, LDR, SVR, ISR, TMR, IRR, ESR, LVT, initial and current count, divider. */
const READABLE: u64 = 0x43fc_01ff_ffff_a50c;
/** TPR, EOI, SVR, ESR, LVT, initial count, divider. Self IPI (0x3F) is x2APIC's own and not in the page. */
const WRITABLE: u64 = 0x41fc_0100_0000_8900;

const TPR: i32 = 0x08;
const EOI: i32 = 0x0b;
const SVR: i32 = 0x0f;
const ESR: i32 = 0x28;
const LVT_TIMER: i32 = 0x32;
const LVT_LINT0: i32 = 0x35;
const LVT_LINT1: i32 = 0x36;
const LVT_ERROR: i32 = 0x37;
const DIVIDER: i32 = 0x3e;

/** Reserved bits of the ICR: 12 (busy in xAPIC), 13, 16, 17, 20–31. */
const ICR_RESERVED: i64 = 0xfff3_3000;
const ICR_BUSY: i64 = 0x1000;
/** Bit per delivery mode that exists: fixed, SMI, NMI, INIT, startup. */
const ICR_MODES: i32 = 0b111_0101;
const VECTOR_MIN: i64 = 16;

export function apic_eoi(): void {
  machine.wrmsr(machine.MSR_X2APIC_EOI, 0);
}

export function apic_read(reg: i32): i64 {
  const register = registerAt(reg, READABLE);
  return register < 0 ? E_INVAL : machine.rdmsr(MSR_X2APIC + register);
}

export function apic_write(reg: i32, value: i32): i32 {
  const register = registerAt(reg, WRITABLE);
  if (register < 0 || value & ~bitsOf(register)) return E_INVAL;
  machine.wrmsr(MSR_X2APIC + register, <i64>(<u32>value));
  return 0;
}

/** Number of the register at an offset of the page, −1 if `known` does not have it. */
function registerAt(offset: i32, known: u64): i32 {
  const register = <u32>offset >> 4;
  return !(offset & 15) && register < REGISTERS && (known >> register) & 1 ? <i32>register : -1;
}

/** Bits that a writable register can hold. */
function bitsOf(register: i32): i32 {
  switch (register) {
    case TPR: return 0xff;
    case EOI:
    case ESR: return 0;
    case SVR: return 0x1ff;
    case LVT_TIMER: return 0x7_00ff;
    case LVT_LINT0:
    case LVT_LINT1: return 0x1_a7ff;
    case LVT_ERROR: return 0x1_00ff;
    case DIVIDER: return 0xb;
    // The count takes all; thermal and performance LVT: vector, mode, mask.
    default: return register > LVT_ERROR ? -1 : 0x1_07ff;
  }
}

export function apic_icr_read(): i64 {
  return machine.rdmsr(machine.MSR_X2APIC_ICR) & ~ICR_BUSY;
}

export function apic_icr_write(command: i64): i32 {
  const mode = <i32>(command >> 8) & 7;
  if (command & ICR_RESERVED || !((ICR_MODES >> mode) & 1)) return E_INVAL;
  if (mode == 0 && (command & 0xff) < VECTOR_MIN) return E_INVAL;
  // The register's WRMSR does not serialise.
  machine.mfence();
  machine.wrmsr(machine.MSR_X2APIC_ICR, command);
  return 0;
}
