/** Named numbers of the interface: errors, bitmaps, machine and host enums. Generated into the SDKs. */
import type { Constant } from "./schema.ts";

/** Negative results of fallible ops; the only enum there is. −1 … −4 are those of `host.*` as well. */
export const errors: readonly Constant[] = [
  { name: "E_INVAL", value: -1, doc: "An argument is outside its range." },
  { name: "E_BUSY", value: -2, doc: "The target is in a state that forbids this now." },
  { name: "E_FAULT", value: -3, doc: "An address cannot be translated." },
  { name: "E_PERM", value: -4, doc: "The caller lacks the privilege." },
  { name: "E_NOSYS", value: -5, doc: "The operation is not offered." },
  { name: "E_AGAIN", value: -6, doc: "Nothing was done; the same call may succeed later." },
];

/** Bits of `init.features(0)`: what the backend realises itself instead of leaving it to native code. */
export const features: readonly Constant[] = [
  { name: "FEATURE_CLOCK", value: 1, doc: "time.sched_clock reads a published page." },
  { name: "FEATURE_CLOCK_STABLE", value: 2, doc: "time.sched_clock never decreases across vCPUs either." },
  { name: "FEATURE_STEAL", value: 4, doc: "time.steal_clock reports stolen time." },
  { name: "FEATURE_REMOTE_FLUSH", value: 8, doc: "mmu.flush_tlb_multi spares vCPUs that do not run." },
  { name: "FEATURE_IPI", value: 16, doc: "ipi.send_mask needs one transition for many targets." },
  { name: "FEATURE_WAIT", value: 32, doc: "lock.wait gives the processor away until lock.kick." },
  { name: "FEATURE_WALLCLOCK", value: 64, doc: "time.wallclock_get asks the host." },
  {
    name: "FEATURE_MIGRATION_NOTICE",
    value: 128,
    doc: "time.migration_notice tells of migrations.",
  },
  { name: "FEATURE_CLOCK_PAIRING", value: 256, doc: "time.clock_pairing reaches the host." },
  { name: "FEATURE_ALARM_AVAILABLE", value: 512, doc: "time.alarm_set counts available time too." },
  { name: "FEATURE_CRASH_REPORT", value: 1024, doc: "sys.crash_report reaches the host." },
  { name: "FEATURE_WATCHDOG", value: 2048, doc: "sys.watchdog ends a guest that hangs." },
  { name: "FEATURE_EOI", value: 4096, doc: "apic.eoi mostly needs no transition." },
  { name: "FEATURE_YIELD", value: 8192, doc: "lock.yield_to reaches the host." },
  { name: "FEATURE_PREEMPTED", value: 16384, doc: "lock.vcpu_is_preempted knows who was descheduled." },
];

/** Bits of `init.features(1)`: what the backend recommends. */
export const hints: readonly Constant[] = [
  {
    name: "HINT_DEDICATED",
    value: 1,
    doc: "vCPUs are practically never preempted: native locks and flushes are better.",
  },
];

/** Bits of `init.features(2)`: what this guest may do. */
export const privileges: readonly Constant[] = [
  { name: "PRIVILEGE_SHUTDOWN", value: 1, doc: "May end the guest." },
  { name: "PRIVILEGE_REMOTE", value: 2, doc: "May act on other vCPUs: interrupts, flushes, kicks." },
  { name: "PRIVILEGE_WALLCLOCK", value: 4, doc: "May set the wall clock." },
];

const machine: readonly Constant[] = [
  { name: "RMW_XCHG", value: 0, doc: "machine.rmw and host.rmw: exchange, always locked." },
  { name: "RMW_ADD", value: 1, doc: "Add." },
  { name: "RMW_AND", value: 2, doc: "And." },
  { name: "RMW_OR", value: 3, doc: "Or." },
  { name: "RMW_XOR", value: 4, doc: "Exclusive or." },
  { name: "RMW_BTS", value: 5, doc: "Test and set bit v." },
  { name: "RMW_BTR", value: 6, doc: "Test and reset bit v." },
  { name: "RMW_BTC", value: 7, doc: "Test and complement bit v." },
  { name: "SIZE_8", value: 0x00, doc: "Operand of 1 byte, or-ed into op of rmw and cmpxchg." },
  { name: "SIZE_16", value: 0x10, doc: "Operand of 2 bytes." },
  { name: "SIZE_32", value: 0x20, doc: "Operand of 4 bytes." },
  { name: "SIZE_64", value: 0x30, doc: "Operand of 8 bytes." },
  { name: "LOCK", value: 0x100, doc: "Locked: drains the store buffer, one step." },
  { name: "RAX", value: 0, doc: "Register numbers in x86 encoding." },
  { name: "RCX", value: 1, doc: "" },
  { name: "RDX", value: 2, doc: "" },
  { name: "RBX", value: 3, doc: "" },
  { name: "RSP", value: 4, doc: "" },
  { name: "RSI", value: 6, doc: "" },
  { name: "RDI", value: 7, doc: "" },
  {
    name: "FIXUP_REGISTER",
    value: 11,
    doc: "R11: how a half tells the kernel that it handles the #GP of its next machine instruction itself.",
  },
  {
    name: "FIXUP_ARMED",
    value: 0x1f1c_5a4e_d000n,
    doc: "In FIXUP_REGISTER before the instruction: on #GP the kernel skips it, RAX becomes 0.",
  },
  {
    name: "FIXUP_TAKEN",
    value: 0x1f1c_7a4e_d000n,
    doc: "In FIXUP_REGISTER after it: #GP was raised, nothing happened.",
  },
  { name: "RFLAGS_IF", value: 0x200, doc: "Interrupt flag, bit 9." },
  { name: "PORT_POWER", value: 0x604, doc: "Writing 0x2000 (2 bytes) powers the machine off." },
  { name: "POWER_OFF", value: 0x2000, doc: "" },
  { name: "PORT_RESET", value: 0xcf9, doc: "Writing 6 (1 byte) resets the machine." },
  {
    name: "MSR_X2APIC_ICR",
    value: 0x830,
    doc: "Bits 7:0 vector, 10:8 delivery mode, 63:32 destination APIC id. Not serialising.",
  },
  { name: "MSR_X2APIC_SELF_IPI", value: 0x83f, doc: "Writing a vector makes it pending on this vCPU." },
  {
    name: "MSR_X2APIC_LVT_TIMER",
    value: 0x832,
    doc: "Bits 7:0 vector, 16 masked, 18:17 mode: 0 one-shot, 1 periodic, 2 TSC deadline.",
  },
  { name: "MSR_TSC_DEADLINE", value: 0x6e0, doc: "Counter value at which the APIC timer expires, 0 disarms." },
  { name: "MSR_X2APIC_EOI", value: 0x80b, doc: "Writing 0 retires the highest in-service vector." },
];

/** All bits of one bitmap that this version defines. */
const defined = (name: string, bits: readonly Constant[]): Constant => ({
  name: `${name}_DEFINED`,
  value: bits.reduce((all, { value }) => all | BigInt(value), 0n),
  doc: "All bits of the bitmap that this version defines.",
});

/** Layout of the `info` page, by which a half finds its shared memory. */
const info: readonly Constant[] = [
  { name: "INFO_VERSION", value: 0, doc: "u32" },
  { name: "INFO_VCPU", value: 4, doc: "u32: index of this vCPU" },
  { name: "INFO_NR_VCPUS", value: 8, doc: "u32" },
  {
    name: "INFO_BACKEND_VECTORS",
    value: 12,
    doc: "u32: first << 16 | count of the vectors that belong to the guest half",
  },
  { name: "INFO_IDT_VA", value: 16, doc: "u64: this vCPU's IDT, 256 gates of 16 bytes" },
  { name: "INFO_SHARED_VA", value: 24, doc: "u64: pages shared by all vCPUs of the guest half, zeroed at boot" },
  { name: "INFO_SHARED_PAGES", value: 32, doc: "u32" },
  { name: "INFO_PERCPU_PAGES", value: 36, doc: "u32" },
  { name: "INFO_PERCPU_VA", value: 40, doc: "u64: this vCPU's own pages, zeroed at boot" },
  { name: "INFO_FEATURE_MASK", value: 48, doc: "u64: the user's veto, a cleared bit forbids the feature" },
  { name: "INFO_APIC_ID", value: 56, doc: "u32[8]: APIC id of each vCPU index" },
  {
    name: "INFO_TRAMPOLINE",
    value: 88,
    doc: "u64: guest-physical address below 1 MiB of the page that a SIPI names: {u64 rip, u64 cr3, u64 rsp}",
  },
  { name: "INFO_NMI_DEPTH", value: 96, doc: "u32: not 0 while this vCPU handles an NMI; the kernel keeps it" },
  { name: "AP_RIP", value: 0, doc: "u64; offsets in an AP state. All that it does not name is as after INIT." },
  { name: "AP_RSP", value: 8, doc: "u64" },
  { name: "AP_ARGUMENT", value: 16, doc: "u64: RDI" },
  { name: "AP_CR0", value: 24, doc: "u64" },
  { name: "AP_CR3", value: 32, doc: "u64" },
  { name: "AP_CR4", value: 40, doc: "u64" },
  { name: "AP_EFER", value: 48, doc: "u64" },
  { name: "AP_GDT_BASE", value: 56, doc: "u64" },
  { name: "AP_IDT_BASE", value: 64, doc: "u64" },
  { name: "AP_FS_BASE", value: 72, doc: "u64" },
  { name: "AP_GS_BASE", value: 80, doc: "u64" },
  { name: "AP_GDT_LIMIT", value: 88, doc: "u32, 65535 at most" },
  { name: "AP_IDT_LIMIT", value: 92, doc: "u32, 65535 at most" },
  { name: "AP_STATE_BYTES", value: 96, doc: "Size of an AP state." },
  {
    name: "DIRECT_MAP",
    value: BigInt.asIntN(64, 0xffff_8880_0000_0000n),
    doc: "va of guest frame 0 (0xFFFF8880_00000000); frame n lies 4096 * n further.",
  },
];

const bitmaps: readonly Constant[] = [
  defined("FEATURES", features),
  defined("HINTS", hints),
  defined("PRIVILEGES", privileges),
];

const relocations: readonly Constant[] = [
  { name: "RELOCATE_NONE", value: 0, doc: "init.relocate: keep what stands at the call site." },
  { name: "RELOCATE_CALL", value: 1, doc: "Call the target." },
  { name: "RELOCATE_JUMP", value: 2, doc: "Jump to the target." },
  { name: "RELOCATE_NOP", value: 3, doc: "Drop the call." },
];

const alarms: readonly Constant[] = [
  { name: "COUNTER_REAL", value: 0, doc: "Counter of an alarm: what time.sched_clock reads." },
  {
    name: "COUNTER_AVAILABLE",
    value: 1,
    doc: "Counter of an alarm: time.sched_clock less time.steal_clock of the vCPU.",
  },
];

const exits = "HYPERCALL INSN MSR IO EXC SLAT INTR_WINDOW NMI_WINDOW KICK TRIPLE_FAULT BAD_ENTRY EOI ICR SIPI";
const fields: Record<string, number> = {
  RAX: 0x00,
  RCX: 0x01,
  RDX: 0x02,
  RBX: 0x03,
  RSP: 0x04,
  RBP: 0x05,
  RSI: 0x06,
  RDI: 0x07,
  RIP: 0x20,
  RFLAGS: 0x22,
  CPL: 0x23,
  CS: 0x24,
  SS: 0x25,
  FS_BASE: 0x26,
  GS_BASE: 0x27,
  KERNEL_GS_BASE: 0x28,
  TSC_AUX: 0x29,
  CR0: 0x30,
  CR2: 0x31,
  CR3: 0x32,
  CR4: 0x33,
  CR8: 0x34,
  EFER: 0x35,
  DR0: 0x36,
  DR6: 0x3a,
  DR7: 0x3b,
  STAR: 0x3c,
  LSTAR: 0x3d,
  SFMASK: 0x3e,
  PAT: 0x3f,
  GDT_BASE: 0x40,
  GDT_LIMIT: 0x41,
  IDT_BASE: 0x42,
  IDT_LIMIT: 0x43,
  LDT_SELECTOR: 0x44,
  TR_SELECTOR: 0x45,
  LDT_BASE: 0x46,
  TSS_BASE: 0x47,
  LDT_LIMIT: 0x48,
  TSS_LIMIT: 0x49,
  HW_ROOT: 0x50,
  SLAT_ROOT: 0x51,
  ASID: 0x52,
  CTL_EXIT: 0x53,
  CTL_EXC: 0x54,
  MSR_MAP: 0x55,
  IO_MAP: 0x56,
  CR0_OWN: 0x57,
  CR0_SHADOW: 0x58,
  CR4_OWN: 0x59,
  CR4_SHADOW: 0x5a,
  TSC_OFFSET: 0x5b,
  TSC_SCALE: 0x5c,
  ENTRY_EVENT: 0x60,
  ENTRY_ERROR: 0x61,
  INTR_STATE: 0x62,
  INTERRUPTED_EVENT: 0x63,
  INTERRUPTED_ERROR: 0x64,
  EXIT_INSN: 0x70,
  EXIT_A: 0x71,
  EXIT_B: 0x72,
  EXIT_GVA: 0x73,
  EXIT_GPA: 0x74,
  EXIT_ERROR: 0x75,
  EXIT_LEN: 0x76,
  EXIT_FLAGS: 0x77,
  APIC_ID: 0x80,
  TPR: 0x81,
  ICR: 0x82,
  IRR: 0x83,
  ISR: 0x87,
  SVR: 0x8b,
  RUNSTATE: 0x90,
  TIME_RUNNING: 0x91,
  TIME_READY: 0x92,
  TIME_BLOCKED: 0x93,
  TSC: 0x94,
  IN_GUEST: 0x95,
  PENDING_KICK: 0x96,
};
const instructions =
  "CLI STI PUSHF POPF HLT READ_CR WRITE_CR READ_DR WRITE_DR INVLPG INVPCID LGDT LIDT LLDT LTR CPUID RDTSC IRET WBINVD PAUSE SWAPGS RDPMC CLTS RDTSCP STR";
const accesses = "LOAD8 LOAD16 LOAD32 LOAD64 STORE8 STORE16 STORE32 STORE64 RMW CMPXCHG COPY_IN COPY_OUT FILL MFENCE";
const states =
  "RUNSTATE IF REAL_NS AVAILABLE_NS STOLEN_NS TSC IRR ISR STORE_BUFFER DELIVERED EXITS CR3 TRANSITIONS HALTED SHUTDOWN INSIDE";
const testParams =
  "VCPUS MEMORY_PAGES KIND SEED OPS FREE_PFN FREE_PFNS IDT_VA TRAMPOLINE_GPA TSC_HZ APIC_ID ROLES INFO_VA SHARED_VA PERCPU_VA STACK_TOP UTC_S VCPU_IDT_VA VCPU_GDT_VA FEATURES_DECLARED";

/** k of host.param. */
const hostParams = "VCPUS GUEST_PAGES HOST_PAGES ABI FEATURE_MASK ENTRY_RIP ENTRY_RSP BOOT_CR3 UTC_S";

const host: readonly Constant[] = [
  ...numbered("EXIT", exits, 1, "Exit reason."),
  ...numbered("INSN", instructions, 1, "EXIT_INSN of an INSN exit."),
  ...Object.entries(fields).map(([name, value]) => ({ name: `FIELD_${name}`, value, doc: "" })),
  ...numbered("ACCESS", accesses, 0, "Bits 7:0 of EXIT_A of an EXC exit: the access that faulted."),
  ...numbered("ACTION", "ENTER BLOCK YIELD OFF", 0, "What exit returns."),
  ...numbered("RUNSTATE", "OFF WAIT_SIPI GUEST HOST READY BLOCKED HALTED", 0, "Value of FIELD_RUNSTATE."),
  ...numbered("TLB", "ALL NON_GLOBAL PAGE RANGE ASID SECOND_LEVEL STRUCTURES", 0, "op of host.tlb."),
  ...numbered("OWNER", "HOST GUEST FOREIGN", 0, "Result of host.owner."),
  ...numbered("PARAM", hostParams, 0, "k of host.param."),
  ...numbered("CTL", "IFX HLTX TSCX DRX EOIX ICRX INTRWIN NMIWIN PAUSEX FAULTING ARRX", -1, "Bit of FIELD_CTL_EXIT."),
];

const test: readonly Constant[] = [
  ...numbered("STATE", states, 0, "what of test.state; IRR, ISR and DELIVERED take vector << 8."),
  ...numbered(
    "TEST_PARAM",
    testParams,
    0,
    "k of test.param; APIC_ID, STACK_TOP, VCPU_IDT_VA and VCPU_GDT_VA take vCPU << 8.",
  ),
  ...numbered("KIND", "NATIVE ENLIGHTENED SHADOW DIRECT FULLVIRT", 0, "Machine kind."),
  ...numbered("PLAN", "IRQ NMI STEAL MIGRATE UTC", 0, "kind of test.plan."),
];

/** Numbers `PREFIX_NAME` from `first` on; first −1 makes them single bits. */
function numbered(prefix: string, names: string, first: number, doc: string): Constant[] {
  return names.split(" ").map((name, i) => ({ name: `${prefix}_${name}`, value: first < 0 ? 1 << i : first + i, doc }));
}

/** Constants by the SDK file they are generated into. */
export const constants = {
  machine,
  info: [...errors, ...features, ...hints, ...privileges, ...bitmaps, ...relocations, ...alarms, ...info],
  host,
  test,
};
