// Model-specific registers of the bare machine; every access exits. Whatever is not listed raises #GP.
import * as host from "../../../sdk/as/host";
import { MSR_TSC_DEADLINE } from "../../../sdk/as/machine";
import { timerRead, timerWrite } from "../../lib/apic-timer";
import { apicValue, readApic, writeApic } from "./apic-registers";
import { raiseGp } from "./events";
import { EFER_NXE } from "./shadow/entry";
import { loadRoot } from "./shadow/roots";
import { CSTAR, finish, SYSENTER_CS, SYSENTER_EIP, SYSENTER_ESP, setWord, skip, TSC_ADJUST, word } from "./state";

const FLAG_WRITE: i64 = 1;
const X2APIC: i32 = 0x800;
const MSR_TSC: i32 = 0x10;
const MSR_APIC_BASE: i32 = 0x1b;
const MSR_TSC_ADJUST: i32 = 0x3b;
const MSR_EFER: i32 = 0xc000_0080;
const APIC_BASE: i64 = 0xfee0_0c00;
const APIC_BASE_BOOT: i64 = 0x100;
const EFER_DEFINED: i64 = 0xd01;
const EFER_LME: i64 = 0x100;
const EFER_LMA: i64 = 0x400;

export function exitMsr(vcpu: i32): i32 {
  const msr = <i32>host.get(vcpu, host.FIELD_EXIT_A);
  if (host.get(vcpu, host.FIELD_EXIT_FLAGS) & FLAG_WRITE)
    return write(vcpu, msr, host.get(vcpu, host.FIELD_EXIT_B)) ? skip(vcpu) : raiseGp(vcpu);
  return read(vcpu, msr) ? finish(vcpu, found) : raiseGp(vcpu);
}

let found: i64 = 0;

function read(vcpu: i32, msr: i32): bool {
  if (<u32>(msr - X2APIC) < 0x40) {
    const known = readApic(vcpu, msr - X2APIC);
    found = apicValue;
    return known;
  }
  const field = fieldOf(msr);
  const offset = wordOf(msr);
  if (field >= 0) found = host.get(vcpu, field);
  else if (offset >= 0) found = word(vcpu, offset);
  else if (msr == MSR_TSC) {
    host.now();
    found = host.get(vcpu, host.FIELD_TSC);
  } else if (msr == MSR_APIC_BASE) found = apicBase(vcpu);
  else if (msr == MSR_TSC_DEADLINE) found = timerRead(vcpu, msr);
  else return false;
  return true;
}

/** Machine field that holds an MSR, −1 if none does. */
function fieldOf(msr: i32): i32 {
  switch (msr) {
    case 0x277: return host.FIELD_PAT;
    case MSR_EFER: return host.FIELD_EFER;
    case 0xc000_0081: return host.FIELD_STAR;
    case 0xc000_0082: return host.FIELD_LSTAR;
    case 0xc000_0084: return host.FIELD_SFMASK;
    case 0xc000_0100: return host.FIELD_FS_BASE;
    case 0xc000_0101: return host.FIELD_GS_BASE;
    case 0xc000_0102: return host.FIELD_KERNEL_GS_BASE;
    case 0xc000_0103: return host.FIELD_TSC_AUX;
    default: return -1;
  }
}

/** Word of the vCPU's record that holds an MSR, −1 if none does. */
function wordOf(msr: i32): i32 {
  switch (msr) {
    case MSR_TSC_ADJUST: return TSC_ADJUST;
    case 0x174: return SYSENTER_CS;
    case 0x175: return SYSENTER_ESP;
    case 0x176: return SYSENTER_EIP;
    case 0xc000_0083: return CSTAR;
    default: return -1;
  }
}

function apicBase(vcpu: i32): i64 {
  return APIC_BASE | (vcpu == 0 ? APIC_BASE_BOOT : 0);
}

/** False: #GP. */
function write(vcpu: i32, msr: i32, value: i64): bool {
  if (<u32>(msr - X2APIC) < 0x40) return writeApic(vcpu, msr - X2APIC, value);
  if (holdsAddress(msr) && (value << 16) >> 16 != value) return false;
  switch (msr) {
    case MSR_TSC: return adjustTsc(vcpu, value - host.get(vcpu, host.FIELD_TSC));
    case MSR_TSC_ADJUST: return adjustTsc(vcpu, value - word(vcpu, TSC_ADJUST));
    // x2APIC mode cannot be left: this machine has no other.
    case MSR_APIC_BASE: return value == apicBase(vcpu);
    case MSR_TSC_DEADLINE: return timerWrite(vcpu, msr, value);
    case MSR_EFER: return writeEfer(vcpu, value);
    case 0x277: return isPat(value) && host.set(vcpu, host.FIELD_PAT, value) == 0;
    case 0xc000_0084: return host.set(vcpu, host.FIELD_SFMASK, value & 0xffff_ffff) == 0;
    default: break;
  }
  const field = fieldOf(msr);
  if (field >= 0) return host.set(vcpu, field, value) == 0;
  const offset = wordOf(msr);
  if (offset < 0) return false;
  setWord(vcpu, offset, value);
  return true;
}

function holdsAddress(msr: i32): bool {
  return msr == 0x175 || msr == 0x176 || msr == 0xc000_0082 || msr == 0xc000_0083 || <u32>(msr - 0xc000_0100) < 3;
}

/** Moves the guest's TSC; the adjustment register moves along (SDM vol. 3, 17.17.3). */
function adjustTsc(vcpu: i32, by: i64): bool {
  setWord(vcpu, TSC_ADJUST, word(vcpu, TSC_ADJUST) + by);
  return host.set(vcpu, host.FIELD_TSC_OFFSET, host.get(vcpu, host.FIELD_TSC_OFFSET) + by) == 0;
}

function writeEfer(vcpu: i32, value: i64): bool {
  if (value & ~EFER_DEFINED || !(value & EFER_LME)) return false;
  const changed = (value | EFER_LMA) ^ host.get(vcpu, host.FIELD_EFER);
  host.set(vcpu, host.FIELD_EFER, value | EFER_LMA);
  if (changed & EFER_NXE) loadRoot(vcpu);
  return true;
}

/** Each byte of PAT is a memory type: 0, 1, 4, 5, 6 or 7. */
function isPat(value: i64): bool {
  for (let shift: i64 = 0; shift < 64; shift += 8) {
    const type = <i32>(value >> shift) & 0xff;
    if (type > 7 || type == 2 || type == 3) return false;
  }
  return true;
}
