// Which instruction leaves guest mode: one row per import, one column per machine kind (docs/abi.md), and the predicates.
import { config } from "./config";
import { physLoad } from "./frames";
import { servedByVirtualApic } from "./msr";
import { MachineOp } from "./ops";
import { Ctl, Exit, Vcpu } from "./vcpu";

// Columns: name (12) | N E S D F | EXIT_INSN code (0: not reported as INSN).
//   X executes   E exits     F exits if IFX    H exits if HLTX   D exits if DRX   T exits if TSCX   P exits if PAUSEX
//   M by the MSR map   I by the I/O map   C exits if it changes an owned bit   G #GP   U #UD   V hypercall   Q #GP if FAULTING
export const controlRows: string = `pause       XPPXP 20
cli         XXFGF 01
sti         XXFGF 02
pushf       XXFXF 03
popf        XXFXF 04
hlt         XHEGE 05
read_cr     XXEGE 06
write_cr    XCEGE 07
read_dr     XDEGE 08
write_dr    XDEGE 09
invlpg      XXEGE 10
invpcid     XXEGE 11
rdmsr       XMEGE 00
wrmsr       XMEGE 00
lgdt        XXEGE 12
lidt        XXEGE 13
lldt        XXEGE 14
ltr         XXEGE 15
str         XXEXE 25
in          XIIII 00
out         XIIII 00
cpuid       XEEQE 16
rdtsc       XTTXT 17
rdtscp      XTTXT 24
iret        XXEEE 18
swapgs      XXEGE 21
wbinvd      XXEGE 19
rdpmc       XXEGE 22
clts        XCEGE 23
int         XXXXX 00
ud          XXXXX 00
syscall     XXVVV 00
hypercall   UVVVV 00
vmcall      UVVUV 00
vmmcall     UVVUV 00
exec        XXXXX 00
`;

const ROW_CHARS: u32 = 21;
const NAME_CHARS: u32 = 12;
const FIRST: u32 = MachineOp.pause;

/** What becomes of an instruction before it executes. */
export const enum Fate {
  EXECUTES = 0,
  EXITS = 1,
  GENERAL_PROTECTION = 2,
  UNDEFINED = 3,
  HYPERCALL = 4,
}

@inline
function char(row: u32, column: u32): u32 {
  return load<u16>(changetype<usize>(controlRows) + ((row * ROW_CHARS + column) << 1));
}

/** EXIT_INSN code of an instruction. */
export function insnCode(op: u32): u32 {
  const tens = char(op - FIRST, NAME_CHARS + 6) - 48;
  return tens * 10 + char(op - FIRST, NAME_CHARS + 7) - 48;
}

/** The row's decision for the configured kind and the vCPU's present controls. `operand` is the MSR or port. */
export function fateOf(v: Vcpu, op: u32, operand: u32, size: u32): u32 {
  switch (char(op - FIRST, NAME_CHARS + config.kind)) {
    case 69: return Fate.EXITS;
    case 70: return exitsIf(v, Ctl.IFX);
    case 72: return exitsIf(v, Ctl.HLTX);
    case 68: return exitsIf(v, Ctl.DRX);
    case 84: return exitsIf(v, Ctl.TSCX);
    case 80: return exitsIf(v, Ctl.PAUSEX);
    case 77: return msrExits(v, operand, op == MachineOp.wrmsr) ? Fate.EXITS : Fate.EXECUTES;
    case 73: return portExits(v, operand, size) ? Fate.EXITS : Fate.EXECUTES;
    case 71: return Fate.GENERAL_PROTECTION;
    case 85: return Fate.UNDEFINED;
    case 86: return Fate.HYPERCALL;
    case 81: return v.ctl_exit & Ctl.FAULTING ? Fate.GENERAL_PROTECTION : Fate.EXECUTES;
    default: return Fate.EXECUTES;
  }
}

@inline
function exitsIf(v: Vcpu, bit: u32): u32 {
  return v.ctl_exit & bit ? Fate.EXITS : Fate.EXECUTES;
}

/**
 * MSR map: two pages, two bits per MSR (even: reads exit, odd: writes exit), | 0–0x1FFF | 0xC0000000–0xC0001FFF |
 * 0xC0010000–0xC0011FFF | unused | of 2 KiB each; MSRs outside exit. No map: all exit but what the virtual APIC serves.
 */
function msrExits(v: Vcpu, msr: u32, write: bool): bool {
  if (!v.msr_map) return !servedByVirtualApic(msr);
  let bit = (msr & 0x1fff) * 2 + (write ? 1 : 0);
  if (msr - 0xc000_0000 < 0x2000) bit += 0x4000;
  else if (msr - 0xc001_0000 < 0x2000) bit += 0x8000;
  else if (msr >= 0x2000) return true;
  return ((physLoad(<u32>v.msr_map + (bit >> 3), 1) >> (bit & 7)) & 1) != 0;
}

/** I/O map: two pages, one bit per port; a port exits if any bit of its bytes is set. No map: all exit. */
function portExits(v: Vcpu, port: u32, size: u32): bool {
  if (!v.io_map) return true;
  for (let i: u32 = 0; i < size; i++) {
    const at = (port + i) & 0xffff;
    if ((physLoad(<u32>v.io_map + (at >> 3), 1) >> (at & 7)) & 1) return true;
  }
  return false;
}

/** Records an exit for an instruction, with its operands. */
export function exitInsn(v: Vcpu, op: u32, a: u64, b: u64): void {
  v.exit_reason = Exit.INSN;
  v.exit_insn = insnCode(op);
  v.exit_a = a;
  v.exit_b = b;
}
