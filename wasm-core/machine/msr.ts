// Model-specific registers of the bare machine. Whatever is not listed raises #GP.
import { currentCount, setLvtTimer, setTscDeadline, startCountdown } from "./timers";
import { endOfInterrupt, latchErrors, logicalId, processorPriority, raiseIrq, writeIcr } from "./apic";
import { writeEfer } from "./control-registers";
import { canonical, generalProtection } from "./faults";
import { Step } from "./ops";
import { readTsc, tscOf } from "./time";
import { Ctl, Exit, irrOf, isrOf, Vcpu } from "./vcpu";

export const MSR_TSC: u32 = 0x10;
export const MSR_APIC_BASE: u32 = 0x1b;
export const MSR_TSC_ADJUST: u32 = 0x3b;
export const MSR_PAT: u32 = 0x277;
export const MSR_TSC_DEADLINE: u32 = 0x6e0;
export const MSR_X2APIC: u32 = 0x800;
export const MSR_ICR: u32 = 0x830;
export const MSR_EFER: u32 = 0xc000_0080;

/** Value of the last readMsr that answered DONE. */
export let msrValue: u64 = 0;

/** Whether an MSR belongs to the x2APIC. */
export function isX2Apic(msr: u32): bool {
  return msr - MSR_X2APIC < 0x40;
}

/** What the virtual APIC of E serves without an exit when there is no MSR bitmap: all but the timer, which hosts imitate. */
export function servedByVirtualApic(msr: u32): bool {
  return isX2Apic(msr) && msr != 0x832 && msr != 0x838 && msr != 0x839 && msr != 0x83e;
}

/** WRMSR that does not drain the store buffer: the x2APIC's ICR and the TSC deadline are not serialising, SDM vol. 3, 10.12.3. */
export function isUnserialised(msr: u32): bool {
  return msr == MSR_ICR || msr == MSR_TSC_DEADLINE;
}

/** RDMSR at CPL 0: DONE with msrValue, or FAULT. */
export function readMsr(v: Vcpu, msr: u32): i32 {
  if (isX2Apic(msr)) return readApic(v, msr - MSR_X2APIC);
  msrValue = 0;
  switch (msr) {
    case MSR_TSC: msrValue = readTsc(v); break;
    case MSR_APIC_BASE: msrValue = v.apic_base; break;
    case MSR_TSC_ADJUST: msrValue = v.tsc_adjust; break;
    case 0x174: msrValue = v.sysenter_cs; break;
    case 0x175: msrValue = v.sysenter_esp; break;
    case 0x176: msrValue = v.sysenter_eip; break;
    case MSR_PAT: msrValue = v.pat; break;
    case MSR_TSC_DEADLINE: msrValue = v.tsc_deadline; break;
    case MSR_EFER: msrValue = v.efer; break;
    case 0xc000_0081: msrValue = v.star; break;
    case 0xc000_0082: msrValue = v.lstar; break;
    case 0xc000_0083: msrValue = v.cstar; break;
    case 0xc000_0084: msrValue = v.sfmask; break;
    case 0xc000_0100: msrValue = v.fs_base; break;
    case 0xc000_0101: msrValue = v.gs_base; break;
    case 0xc000_0102: msrValue = v.kernel_gs_base; break;
    case 0xc000_0103: msrValue = v.tsc_aux; break;
    default: return generalProtection(v);
  }
  return Step.DONE;
}

/** MSRs that hold addresses. */
function holdsAddress(msr: u32): bool {
  return msr == 0x175 || msr == 0x176 || msr == 0xc000_0082 || msr == 0xc000_0083 || msr - 0xc000_0100 < 3;
}

/** WRMSR at CPL 0: DONE, FAULT, or EXIT (EOI or ICR asked for by the host). */
export function writeMsr(v: Vcpu, msr: u32, value: u64): i32 {
  if (isX2Apic(msr)) return writeApic(v, msr - MSR_X2APIC, value);
  if (holdsAddress(msr) && !canonical(value)) return generalProtection(v);
  switch (msr) {
    case MSR_TSC: v.tsc_adjust += value - tscOf(v); break;
    // Global enable and x2APIC mode cannot be left: this machine has no other mode.
    case MSR_APIC_BASE: return value == v.apic_base ? Step.DONE : generalProtection(v);
    case MSR_TSC_ADJUST: v.tsc_adjust = value; break;
    case 0x174: v.sysenter_cs = value; break;
    case 0x175: v.sysenter_esp = value; break;
    case 0x176: v.sysenter_eip = value; break;
    case MSR_PAT: return writePat(v, value);
    case MSR_TSC_DEADLINE: setTscDeadline(v, value); break;
    case MSR_EFER: return writeEfer(v, value);
    case 0xc000_0081: v.star = value; break;
    case 0xc000_0082: v.lstar = value; break;
    case 0xc000_0083: v.cstar = value; break;
    case 0xc000_0084: v.sfmask = value & 0xffff_ffff; break;
    case 0xc000_0100: v.fs_base = value; break;
    case 0xc000_0101: v.gs_base = value; break;
    case 0xc000_0102: v.kernel_gs_base = value; break;
    case 0xc000_0103: {
      if (value >> 32) return generalProtection(v);
      v.tsc_aux = value;
      break;
    }
    default: return generalProtection(v);
  }
  return Step.DONE;
}

/** Each byte of PAT is a memory type: 0, 1, 4, 5, 6 or 7. */
export function isValidPat(value: u64): bool {
  for (let i: u64 = 0; i < 64; i += 8) {
    const type = (value >> i) & 0xff;
    if (type > 7 || type == 2 || type == 3) return false;
  }
  return true;
}

function writePat(v: Vcpu, value: u64): i32 {
  if (!isValidPat(value)) return generalProtection(v);
  v.pat = value;
  return Step.DONE;
}

function readApic(v: Vcpu, register: u32): i32 {
  msrValue = 0;
  if (register >= 0x10 && register <= 0x27) {
    // ISR, TMR (no level-triggered interrupts: zero), IRR: eight registers of 32 bits each.
    const table = register < 0x18 ? isrOf(v) : register >= 0x20 ? irrOf(v) : 0;
    if (table) msrValue = load<u32>(table + ((register & 7) << 2));
    return Step.DONE;
  }
  switch (register) {
    case 0x02: msrValue = v.apic_id; break;
    case 0x03: msrValue = 0x0005_0014; break;
    case 0x08: msrValue = v.tpr; break;
    case 0x0a: msrValue = processorPriority(v); break;
    case 0x0d: msrValue = logicalId(v); break;
    case 0x0f: msrValue = v.svr; break;
    case 0x28: msrValue = v.esr; break;
    case 0x30: msrValue = v.icr; break;
    case 0x32: msrValue = v.lvt_timer; break;
    case 0x33: msrValue = v.lvt_thermal; break;
    case 0x34: msrValue = v.lvt_perf; break;
    case 0x35: msrValue = v.lvt_lint0; break;
    case 0x36: msrValue = v.lvt_lint1; break;
    case 0x37: msrValue = v.lvt_error; break;
    case 0x38: msrValue = v.timer_initial; break;
    case 0x39: msrValue = currentCount(v); break;
    case 0x3e: msrValue = v.timer_divide; break;
    default: return generalProtection(v);
  }
  return Step.DONE;
}

function writeApic(v: Vcpu, register: u32, value: u64): i32 {
  if (register != 0x30 && value >> 32) return generalProtection(v);
  const low = <u32>value;
  switch (register) {
    case 0x08: {
      if (low > 255) return generalProtection(v);
      v.tpr = low;
      break;
    }
    case 0x0b: return low ? generalProtection(v) : endOfInterrupt(v);
    case 0x0f: v.svr = low & 0x1ff; break;
    case 0x28: {
      if (low) return generalProtection(v);
      latchErrors(v);
      break;
    }
    case 0x30: {
      if (!(v.ctl_exit & Ctl.ICRX)) return writeIcr(v, value);
      v.exit_reason = Exit.ICR;
      v.exit_a = value;
      return Step.EXIT;
    }
    case 0x32: setLvtTimer(v, low); break;
    case 0x33: v.lvt_thermal = low; break;
    case 0x34: v.lvt_perf = low; break;
    case 0x35: v.lvt_lint0 = low; break;
    case 0x36: v.lvt_lint1 = low; break;
    case 0x37: v.lvt_error = low; break;
    case 0x38: startCountdown(v, low); break;
    case 0x3e: {
      if (low & ~(<u32>0xb)) return generalProtection(v);
      v.timer_divide = low;
      break;
    }
    case 0x3f: {
      if (low > 255) return generalProtection(v);
      v.count_ipis += 1;
      raiseIrq(v, low);
      break;
    }
    default: return generalProtection(v);
  }
  return Step.DONE;
}
