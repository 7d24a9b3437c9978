// State of a vCPU after power-on or INIT. Real mode is not modelled: it is in 64-bit mode with paging at once.
import { config, Kind } from "./config";
import { KERNEL_CS, KERNEL_SS, USER_CS, USER_SS } from "./layout";
import { flushAll } from "./tlb";
import { Ctl, irrOf, registersOf, Vcpu } from "./vcpu";

/** PE MP ET NE WP AM PG. */
export const CR0_BOOT: u64 = 0x8005_0033;
/** PAE PGE OSFXSR OSXMMEXCPT. */
export const CR4_BOOT: u64 = 0x6a0;
/** SCE LME LMA NXE. */
export const EFER_BOOT: u64 = 0xd01;
export const PAT_BOOT: u64 = 0x0007_0406_0007_0406;
const LVT_MASKED: u32 = 0x10000;

/** Everything but identity, time, host controls and the store buffer, which no INIT empties. */
export function resetVcpu(v: Vcpu): void {
  memory.fill(registersOf(v), 0, 28 * 8);
  v.rip = 0;
  v.rflags = 2;
  v.cr0 = CR0_BOOT;
  v.cr2 = 0;
  v.cr3 = 0;
  v.cr4 = CR4_BOOT;
  v.efer = EFER_BOOT;
  v.dr0 = v.dr1 = v.dr2 = v.dr3 = 0;
  v.dr6 = 0xffff_0ff0;
  v.dr7 = 0x400;
  v.star = v.lstar = v.cstar = v.sfmask = 0;
  v.pat = PAT_BOOT;
  v.fs_base = v.gs_base = v.kernel_gs_base = 0;
  v.tsc_aux = 0;
  v.sysenter_cs = v.sysenter_esp = v.sysenter_eip = 0;
  // The kernel of a direct guest runs in the user segments.
  const isUser = config.kind == <u32>Kind.DIRECT;
  v.cs = isUser ? USER_CS : KERNEL_CS;
  v.ss = isUser ? USER_SS : KERNEL_SS;
  v.cpl = isUser ? 3 : 0;
  v.entry_event = v.entry_error = v.interrupted_event = v.interrupted_error = 0;
  v.sti_shadow = v.nmi_pending = v.nmi_blocked = v.startup_pending = v.pending_kick = 0;
  v.debug_pending = 0;
  v.phase = 0;
  v.progress = 0;
  v.exec_active = 0;
  v.delivering = 0;
  v.event = v.event_error = v.event_length = 0;
  resetApic(v);
  resetControls(v);
  flushAll(v);
}

/** Software-enabled x2APIC, as firmware leaves it; there is no xAPIC mode. */
function resetApic(v: Vcpu): void {
  memory.fill(irrOf(v), 0, 64);
  v.tpr = 0;
  v.svr = 0x1ff;
  v.esr = v.esr_pending = 0;
  v.lvt_timer = v.lvt_lint0 = v.lvt_lint1 = v.lvt_error = v.lvt_thermal = v.lvt_perf = LVT_MASKED;
  v.timer_divide = 0;
  v.timer_initial = 0;
  v.icr = 0;
  v.apic_base = 0xfee0_0c00 | (v.index == 0 ? 0x100 : 0);
  v.tsc_deadline = 0;
  v.timer_at = 0;
}

/** The row of the kind (docs/abi.md). What is at its floor the host half cannot clear. */
function resetControls(v: Vcpu): void {
  v.ctl_exit = exitFloor();
  v.ctl_exc = exceptionFloor();
  v.root_is_hw = config.kind >= <u32>Kind.SHADOW ? 1 : 0;
  v.tsc_scale = (<u64>1) << 32;
}

/** Bits of CTL_EXIT that the host half cannot clear. */
export function exitFloor(): u32 {
  return config.kind == <u32>Kind.SHADOW || config.kind == <u32>Kind.FULLVIRT ? Ctl.IFX : 0;
}

/** Bits of CTL_EXC that the host half cannot clear: all exceptions in S, D and F. */
export function exceptionFloor(): u32 {
  return config.kind >= <u32>Kind.SHADOW ? 0xffff_ffff : 0;
}
