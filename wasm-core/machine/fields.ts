// The VMCS-like fields that host.get and host.set reach; ids as in docs/abi.md.
import { frameCount } from "./frames";
import { exceptionFloor, exitFloor } from "./reset";
import { account, tscOf } from "./time";
import { reg, Runstate, setReg, Vcpu, irrOf, isrOf } from "./vcpu";

const EINVAL: i32 = -1;
const EPERM: i32 = -4;

const INTR_STI: u64 = 1;
const INTR_NMI: u64 = 2;
const INTR_NMI_PENDING: u64 = 4;

/** Offset of a plain 64-bit field in Vcpu, −1 if the id is not one. */
function wideOffset(id: u32): i32 {
  switch (id) {
    case 0x20: return offsetof<Vcpu>("rip");
    case 0x22: return offsetof<Vcpu>("rflags");
    case 0x26: return offsetof<Vcpu>("fs_base");
    case 0x27: return offsetof<Vcpu>("gs_base");
    case 0x28: return offsetof<Vcpu>("kernel_gs_base");
    case 0x29: return offsetof<Vcpu>("tsc_aux");
    case 0x30: return offsetof<Vcpu>("cr0");
    case 0x31: return offsetof<Vcpu>("cr2");
    case 0x32: return offsetof<Vcpu>("cr3");
    case 0x33: return offsetof<Vcpu>("cr4");
    case 0x35: return offsetof<Vcpu>("efer");
    case 0x36: return offsetof<Vcpu>("dr0");
    case 0x37: return offsetof<Vcpu>("dr1");
    case 0x38: return offsetof<Vcpu>("dr2");
    case 0x39: return offsetof<Vcpu>("dr3");
    case 0x3a: return offsetof<Vcpu>("dr6");
    case 0x3b: return offsetof<Vcpu>("dr7");
    case 0x3c: return offsetof<Vcpu>("star");
    case 0x3d: return offsetof<Vcpu>("lstar");
    case 0x3e: return offsetof<Vcpu>("sfmask");
    case 0x3f: return offsetof<Vcpu>("pat");
    case 0x40: return offsetof<Vcpu>("gdt_base");
    case 0x42: return offsetof<Vcpu>("idt_base");
    case 0x46: return offsetof<Vcpu>("ldt_base");
    case 0x47: return offsetof<Vcpu>("tss_base");
    case 0x50: return offsetof<Vcpu>("hw_root");
    case 0x51: return offsetof<Vcpu>("slat_root");
    case 0x55: return offsetof<Vcpu>("msr_map");
    case 0x56: return offsetof<Vcpu>("io_map");
    case 0x57: return offsetof<Vcpu>("cr0_own");
    case 0x58: return offsetof<Vcpu>("cr0_shadow");
    case 0x59: return offsetof<Vcpu>("cr4_own");
    case 0x5a: return offsetof<Vcpu>("cr4_shadow");
    case 0x5b: return offsetof<Vcpu>("tsc_offset");
    case 0x5c: return offsetof<Vcpu>("tsc_scale");
    case 0x71: return offsetof<Vcpu>("exit_a");
    case 0x72: return offsetof<Vcpu>("exit_b");
    case 0x73: return offsetof<Vcpu>("exit_gva");
    case 0x74: return offsetof<Vcpu>("exit_gpa");
    case 0x75: return offsetof<Vcpu>("exit_error");
    case 0x82: return offsetof<Vcpu>("icr");
    case 0x91: return offsetof<Vcpu>("time_running");
    case 0x92: return offsetof<Vcpu>("time_ready");
    case 0x93: return offsetof<Vcpu>("time_blocked");
    default: return -1;
  }
}

/** Offset of a plain 32-bit field in Vcpu, −1 if the id is not one. */
function narrowOffset(id: u32): i32 {
  switch (id) {
    case 0x23: return offsetof<Vcpu>("cpl");
    case 0x24: return offsetof<Vcpu>("cs");
    case 0x25: return offsetof<Vcpu>("ss");
    case 0x41: return offsetof<Vcpu>("gdt_limit");
    case 0x43: return offsetof<Vcpu>("idt_limit");
    case 0x44: return offsetof<Vcpu>("ldt_selector");
    case 0x45: return offsetof<Vcpu>("tr_selector");
    case 0x48: return offsetof<Vcpu>("ldt_limit");
    case 0x49: return offsetof<Vcpu>("tss_limit");
    case 0x52: return offsetof<Vcpu>("asid");
    case 0x53: return offsetof<Vcpu>("ctl_exit");
    case 0x54: return offsetof<Vcpu>("ctl_exc");
    case 0x60: return offsetof<Vcpu>("entry_event");
    case 0x61: return offsetof<Vcpu>("entry_error");
    case 0x63: return offsetof<Vcpu>("interrupted_event");
    case 0x64: return offsetof<Vcpu>("interrupted_error");
    case 0x70: return offsetof<Vcpu>("exit_insn");
    case 0x76: return offsetof<Vcpu>("exit_len");
    case 0x77: return offsetof<Vcpu>("exit_flags");
    case 0x80: return offsetof<Vcpu>("apic_id");
    case 0x81: return offsetof<Vcpu>("tpr");
    case 0x8b: return offsetof<Vcpu>("svr");
    case 0x90: return offsetof<Vcpu>("runstate");
    case 0x96: return offsetof<Vcpu>("pending_kick");
    default: return -1;
  }
}

@inline
function isRegister(id: u32): bool {
  return id < 28;
}

/** Address of a 64-bit word of IRR (0x83–0x86) or ISR (0x87–0x8A), 0 otherwise. */
function apicWord(v: Vcpu, id: u32): usize {
  if (id >= 0x83 && id <= 0x86) return irrOf(v) + ((id - 0x83) << 3);
  if (id >= 0x87 && id <= 0x8a) return isrOf(v) + ((id - 0x87) << 3);
  return 0;
}

/** Reads a field into the u64 at `out`: 0, or −1 EINVAL for an id that does not exist. */
export function fieldGet(v: Vcpu, id: u32, out: usize): i32 {
  if (isRegister(id)) return answer(out, reg(v, id));
  if (id >= 0x91 && id <= 0x93) account(v);
  const wide = wideOffset(id);
  if (wide >= 0) return answer(out, load<u64>(changetype<usize>(v) + wide));
  const narrow = narrowOffset(id);
  if (narrow >= 0) return answer(out, load<u32>(changetype<usize>(v) + narrow));
  const word = apicWord(v, id);
  if (word) return answer(out, load<u64>(word));
  switch (id) {
    case 0x21: return answer(out, reg(v, 4));
    case 0x34: return answer(out, v.tpr >> 4);
    case 0x62: return answer(out, (v.sti_shadow ? INTR_STI : 0) | (v.nmi_blocked ? INTR_NMI : 0) | (v.nmi_pending ? INTR_NMI_PENDING : 0));
    case 0x94: return answer(out, tscOf(v));
    case 0x95: return answer(out, v.runstate == Runstate.GUEST || v.runstate == Runstate.HALTED ? 1 : 0);
    default: return EINVAL;
  }
}

@inline
function answer(out: usize, value: u64): i32 {
  store<u64>(out, value);
  return 0;
}

/** Exit qualification, times and run states are the machine's; they can be read of a vCPU in guest mode too. */
export function isReadOnly(id: u32): bool {
  return id == 0x63 || id == 0x64 || (id >= 0x70 && id <= 0x77) || (id >= 0x90 && id <= 0x96);
}

/**
 * Writes a field: 0, −1 EINVAL (no such field, or a value it cannot hold), −4 EPERM (read-only, or a control below its floor).
 * Architectural consistency is checked at entry, not here.
 */
export function fieldSet(v: Vcpu, id: u32, value: u64): i32 {
  if (isReadOnly(id)) return EPERM;
  if (isRegister(id)) {
    setReg(v, id, value);
    return 0;
  }
  const refusal = refusalOf(id, value);
  if (refusal) return refusal;
  const wide = wideOffset(id);
  if (wide >= 0) {
    store<u64>(changetype<usize>(v) + wide, value);
    return 0;
  }
  const narrow = narrowOffset(id);
  if (narrow >= 0) {
    store<u32>(changetype<usize>(v) + narrow, <u32>value);
    return 0;
  }
  const word = apicWord(v, id);
  if (word) store<u64>(word, value);
  else if (id == 0x21) setReg(v, 4, value);
  else if (id == 0x34) v.tpr = <u32>value << 4;
  else if (id == 0x62) {
    v.sti_shadow = value & INTR_STI ? 1 : 0;
    v.nmi_blocked = value & INTR_NMI ? 1 : 0;
    v.nmi_pending = value & INTR_NMI_PENDING ? 1 : 0;
  } else return EINVAL;
  return 0;
}

/** Largest value that a narrow field holds. */
function fieldMax(id: u32): u64 {
  switch (id) {
    case 0x23: return 3;
    case 0x24: case 0x25: case 0x41: case 0x43: case 0x44: case 0x45: case 0x52: return 0xffff;
    case 0x53: return 0x7ff;
    case 0x48: case 0x49: return 0xf_ffff;
    case 0x54: case 0x60: case 0x61: return 0xffff_ffff;
    case 0x29: return 0xffff_ffff;
    case 0x34: return 15;
    case 0x62: return 7;
    case 0x8b: return 0x1ff;
    case 0x80: case 0x81: return 255;
    default: return ~(<u64>0);
  }
}

function refusalOf(id: u32, value: u64): i32 {
  if (value > fieldMax(id)) return EINVAL;
  if (id == 0x53 && (<u32>value & exitFloor()) != exitFloor()) return EPERM;
  if (id == 0x54 && (<u32>value & exceptionFloor()) != exceptionFloor()) return EPERM;
  if (id == 0x50 || id == 0x51) return value & 0xfff || value >> 12 >= frameCount() ? EINVAL : 0;
  // Maps are two pages of machine memory, or absent.
  if (id == 0x55 || id == 0x56) return value & 0xfff || (value != 0 && (value >> 12) + 1 >= frameCount()) ? EINVAL : 0;
  return 0;
}
