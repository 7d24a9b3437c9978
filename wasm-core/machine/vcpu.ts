// State of one virtual CPU: a fixed record in hot memory, so that a snapshot copies it whole.
//
//   | Vcpu fields | registers 28×8 | IRR 4×8 | ISR 4×8 | timers 8×24 | delivered 256×4 | store buffer | TLB | structure cache |
import { hotAlloc } from "../memory/arena";
import { config } from "./config";

/** RUNSTATE (field 0x90). */
export const enum Runstate {
  OFF = 0,
  WAIT_SIPI = 1,
  GUEST = 2,
  /** In the host half, or queued for it. */
  HOST = 3,
  /** Runnable, not running: stolen time. */
  READY = 4,
  /** Blocked by the host half. */
  BLOCKED = 5,
  /** The machine's own HLT; an interrupt wakes it. */
  HALTED = 6,
}

/** How the machine ended (Step.END). */
export const enum EndKind {
  NONE = 0,
  POWER_OFF = 1,
  RESET = 2,
  TRIPLE_FAULT = 3,
}

/** Reasons of exits, as `exit` of the host half is given them. */
export const enum Exit {
  NONE = 0,
  HYPERCALL = 1,
  INSN = 2,
  MSR = 3,
  IO = 4,
  EXC = 5,
  SLAT = 6,
  INTR_WINDOW = 7,
  NMI_WINDOW = 8,
  KICK = 9,
  TRIPLE_FAULT = 10,
  BAD_ENTRY = 11,
  EOI = 12,
  ICR = 13,
  SIPI = 14,
}

/** Bits of CTL_EXIT (field 0x53). */
export const enum Ctl {
  IFX = 1,
  HLTX = 2,
  TSCX = 4,
  DRX = 8,
  EOIX = 16,
  ICRX = 32,
  INTRWIN = 64,
  NMIWIN = 128,
  PAUSEX = 256,
  FAULTING = 512,
  /** An interrupt that arrives leaves guest mode; the virtual APIC delivers none. Kind E. */
  ARRX = 1024,
}

@unmanaged
export class Vcpu {
  // ---- where it is
  /** The VM sets the resume token before exec and delivery; transfers of control set the address to enter. */
  rip: u64;
  /** Bit 1 is always set; IF is bit 9. */
  rflags: u64;
  cr0: u64;
  cr2: u64;
  cr3: u64;
  cr4: u64;
  efer: u64;
  dr0: u64;
  dr1: u64;
  dr2: u64;
  dr3: u64;
  dr6: u64;
  dr7: u64;
  star: u64;
  lstar: u64;
  cstar: u64;
  sfmask: u64;
  pat: u64;
  fs_base: u64;
  gs_base: u64;
  kernel_gs_base: u64;
  tsc_aux: u64;
  sysenter_cs: u64;
  sysenter_esp: u64;
  sysenter_eip: u64;
  gdt_base: u64;
  idt_base: u64;
  ldt_base: u64;
  tss_base: u64;
  gdt_limit: u32;
  idt_limit: u32;
  ldt_selector: u32;
  tr_selector: u32;
  ldt_limit: u32;
  tss_limit: u32;
  cs: u32;
  ss: u32;
  cpl: u32;
  index: u32;

  // ---- controls (fields 0x50–0x5C)
  hw_root: u64;
  slat_root: u64;
  msr_map: u64;
  io_map: u64;
  cr0_own: u64;
  cr0_shadow: u64;
  cr4_own: u64;
  cr4_shadow: u64;
  tsc_offset: u64;
  /** 32.32 fixed point; 1 << 32 is the bare machine's rate. */
  tsc_scale: u64;
  asid: u32;
  ctl_exit: u32;
  /** Bit per exception vector. */
  ctl_exc: u32;
  /** 1 if walks start at hw_root, not CR3. */
  root_is_hw: u32;

  // ---- events
  /** ENTRY_EVENT: vector 7:0, type 10:8, error valid 11, valid 31. */
  entry_event: u32;
  entry_error: u32;
  interrupted_event: u32;
  interrupted_error: u32;
  /** 1 while the shadow of `sti` lasts. */
  sti_shadow: u32;
  nmi_pending: u32;
  nmi_blocked: u32;
  /** 0 none, 1 INIT, 2 | vector << 8 SIPI: served by serveStartup. */
  startup_pending: u32;
  pending_kick: u32;

  // ---- the fault of Step.FAULT; also a trap that `int` raised
  fault_vector: u32;
  fault_has_error: u32;
  fault_error: u32;
  /** 1 if the faulting address is that of the second page of an access. */
  fault_second: u32;
  /** The delivery under way between two locked steps of its walks, as ENTRY_EVENT; 0 = none. Its error code, and by how much RIP is ahead. */
  event: u32;
  event_error: u32;
  event_length: u32;
  /** Address of the last page fault; delivery moves it to CR2, an exit to EXIT_GVA. */
  fault_address: u64;
  /** Decode assist of exception exits (decode.ts): MachineOp, code of rmw and cmpxchg in 23:8; the operands. */
  last_op: u32;
  /** Set while an event is being delivered, so that an exit knows what it interrupted. */
  delivering: u32;
  last_operand: u64;
  last_second: u64;

  // ---- qualification of the last exit
  exit_reason: u32;
  exit_insn: u32;
  exit_flags: u32;
  exit_len: u32;
  exit_a: u64;
  exit_b: u64;
  exit_gva: u64;
  exit_gpa: u64;
  exit_error: u64;
  end_kind: u32;
  /** Vector that the last successful delivery entered. */
  delivered_vector: u32;

  // ---- an instruction under way (Step.SPLIT); never survives the instruction
  phase: u32;
  /** Physical addresses of the two parts of an access, translated before anything was written. */
  part_ma0: u32;
  part_ma1: u32;
  part_value: u64;

  // ---- a repeated instruction under way (Step.PART): belongs to the context; the VM saves and clears it around nested entries
  /** Units done: bytes of copy_in/copy_out, quadwords of fill. */
  progress: u64;
  /** 1 while `exec` runs instructions at RIP. */
  exec_active: u32;

  // ---- local APIC
  apic_id: u32;
  tpr: u32;
  svr: u32;
  esr: u32;
  esr_pending: u32;
  lvt_timer: u32;
  lvt_lint0: u32;
  lvt_lint1: u32;
  lvt_error: u32;
  lvt_thermal: u32;
  lvt_perf: u32;
  timer_divide: u32;
  timer_initial: u32;
  icr: u64;
  apic_base: u64;
  /** TSC value at which the timer fires, 0 = not armed. */
  tsc_deadline: u64;
  /** Real ns at which the count-down timer fires, 0 = not armed. */
  timer_at: u64;

  // ---- time, ns (time.ts): running + ready + blocked = real since boot
  runstate: u32;
  /** Bit per host timer slot that expired and was not taken by the VM. */
  timers_expired: u32;
  time_running: u64;
  time_ready: u64;
  time_blocked: u64;
  accounted_at: u64;
  /** Native machine's own difference of this CPU's TSC (writes of MSR 0x10, TSC_ADJUST, migration). */
  tsc_adjust: u64;

  // ---- counters of what was done (costs)
  count_exits: u32;
  count_accesses: u32;
  count_locked: u32;
  count_flush_one: u32;
  count_flush_local: u32;
  count_flush_remote: u32;
  count_ipis: u32;
  count_interrupts: u32;

  // ---- store buffer: ring of SB_ENTRIES
  sb_first: u32;
  sb_count: u32;
  /** Oldest stores that were made under the host half's lock: visible before anybody else holds it. */
  sb_locked: u32;
  /** DR6 bits of a debug exception that is due: breakpoints 3:0, BD 13, BS 14. */
  debug_pending: u32;
  tlb_next: u32;
  psc_next: u32;
}

/** Entries of one store buffer; a full one drains its oldest store. */
export const SB_ENTRIES: u32 = 32;
export const SB_ENTRY_BYTES: u32 = 16;
export const TLB_SETS: u32 = 32;
export const TLB_WAYS: u32 = 4;
export const TLB_ENTRY_BYTES: u32 = 16;
export const PSC_ENTRIES: u32 = 16;
export const TIMER_SLOTS: u32 = 8;
export const TIMER_BYTES: u32 = 24;

const FIELDS_BYTES: usize = (offsetof<Vcpu>() + 15) & ~15;
const AT_REGISTERS: usize = FIELDS_BYTES;
const AT_IRR: usize = AT_REGISTERS + 28 * 8;
const AT_ISR: usize = AT_IRR + 32;
const AT_TIMERS: usize = AT_ISR + 32;
const AT_DELIVERED: usize = AT_TIMERS + TIMER_SLOTS * TIMER_BYTES;
const AT_SB: usize = AT_DELIVERED + 256 * 4;
const AT_TLB: usize = AT_SB + SB_ENTRIES * SB_ENTRY_BYTES;
const AT_PSC: usize = AT_TLB + TLB_SETS * TLB_WAYS * TLB_ENTRY_BYTES;
export const VCPU_BYTES: usize = AT_PSC + PSC_ENTRIES * TLB_ENTRY_BYTES;

let vcpus: usize = 0;

/** Allocates the records of all configured vCPUs, zeroed; false when hot memory is full. */
export function vcpusCreate(): bool {
  vcpus = hotAlloc(VCPU_BYTES * config.vcpus);
  if (!vcpus) return false;
  for (let i: u32 = 0; i < config.vcpus; i++) vcpuAt(i).index = i;
  return true;
}

/** vCPU number i < config.vcpus. */
@inline
export function vcpuAt(i: u32): Vcpu {
  return changetype<Vcpu>(vcpus + <usize>i * VCPU_BYTES);
}

/** Register 0–15 RAX…R15, 16–27 XMM0–5 as low, high. */
@inline
export function reg(v: Vcpu, r: u32): u64 {
  return load<u64>(changetype<usize>(v) + AT_REGISTERS + (r << 3));
}

@inline
export function setReg(v: Vcpu, r: u32, value: u64): void {
  store<u64>(changetype<usize>(v) + AT_REGISTERS + (r << 3), value);
}

/** Address of the 16 general registers and 12 XMM halves, for contexts that save them whole (28 × u64). */
@inline
export function registersOf(v: Vcpu): usize {
  return changetype<usize>(v) + AT_REGISTERS;
}

export const RAX: u32 = 0;
export const RCX: u32 = 1;
export const RDX: u32 = 2;
export const RBX: u32 = 3;
export const RSP: u32 = 4;
export const RSI: u32 = 6;
export const RDI: u32 = 7;

/** Address of IRR and ISR: 256 bits each. */
@inline
export function irrOf(v: Vcpu): usize {
  return changetype<usize>(v) + AT_IRR;
}

@inline
export function isrOf(v: Vcpu): usize {
  return changetype<usize>(v) + AT_ISR;
}

@inline
export function timersOf(v: Vcpu): usize {
  return changetype<usize>(v) + AT_TIMERS;
}

@inline
export function storeBufferOf(v: Vcpu): usize {
  return changetype<usize>(v) + AT_SB;
}

@inline
export function tlbOf(v: Vcpu): usize {
  return changetype<usize>(v) + AT_TLB;
}

@inline
export function pscOf(v: Vcpu): usize {
  return changetype<usize>(v) + AT_PSC;
}

/** How often an event of this vector was delivered. */
export function deliveredCount(v: Vcpu, vector: u32): u32 {
  return load<u32>(changetype<usize>(v) + AT_DELIVERED + ((vector & 255) << 2));
}

export function countDelivery(v: Vcpu, vector: u32): void {
  const at = changetype<usize>(v) + AT_DELIVERED + ((vector & 255) << 2);
  store<u32>(at, load<u32>(at) + 1);
  v.delivered_vector = vector;
  v.count_interrupts += 1;
}

export const RFLAGS_IF: u64 = 1 << 9;

@inline
export function interruptsEnabled(v: Vcpu): bool {
  return (v.rflags & RFLAGS_IF) != 0;
}
