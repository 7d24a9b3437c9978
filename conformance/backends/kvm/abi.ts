// KVM's published paravirt ABI, as far as both halves use it. Facts: Linux Documentation/virt/kvm/x86/{cpuid,hypercalls,msr}.rst
// and arch/x86/include/uapi/asm/kvm_para.h.
//
// pvclock, 32 bytes per vCPU (system time area)         steal time, 64 bytes per vCPU, 64-aligned
//   @0  u32 version, odd while it is being written        @0  u64 steal, ns
//   @8  u64 tsc_timestamp                                 @8  u32 version, odd while steal is being written
//   @16 u64 system_time, ns                               @12 u32 flags
//   @24 u32 mul   @28 s8 shift   @29 u8 flags             @16 u8  preempted
//
// PV EOI, 4 bytes per vCPU: bit 0 is set by the host when it injects an edge interrupt and no other waits. The guest ends the
// service by clearing it in one instruction; what it finds clear it ends by the EOI register.
//
// hypercall: VMCALL or VMMCALL, number RAX, arguments RBX RCX RDX RSI, result RAX, nothing else is clobbered.

export const CPUID_SIGNATURE: i32 = 0x40000000;
export const CPUID_FEATURES: i32 = 0x40000001;
/** "KVMKVMKVM\0\0\0" in EBX, ECX, EDX. */
export const SIGNATURE_EBX: i32 = 0x4b4d564b;
export const SIGNATURE_ECX: i32 = 0x564b4d56;
export const SIGNATURE_EDX: i32 = 0x4d;

// CPUID_FEATURES, EAX.
export const KVM_CLOCKSOURCE2: i32 = 1 << 3;
export const KVM_STEAL_TIME: i32 = 1 << 5;
export const KVM_PV_EOI: i32 = 1 << 6;
export const KVM_PV_UNHALT: i32 = 1 << 7;
export const KVM_PV_TLB_FLUSH: i32 = 1 << 9;
export const KVM_PV_SEND_IPI: i32 = 1 << 11;
export const KVM_PV_SCHED_YIELD: i32 = 1 << 13;
export const KVM_CLOCKSOURCE_STABLE: i32 = 1 << 24;
/** CPUID_FEATURES, EDX: vCPUs are never preempted. */
export const KVM_HINT_REALTIME: i32 = 1;

export const MSR_WALL_CLOCK: i32 = 0x4b564d00;
export const MSR_SYSTEM_TIME: i32 = 0x4b564d01;
export const MSR_STEAL_TIME: i32 = 0x4b564d03;
export const MSR_PV_EOI: i32 = 0x4b564d04;
/** Bit 0 of the area MSRs. */
export const MSR_ENABLE: i64 = 1;
/** Bits 5:1 of MSR_STEAL_TIME are reserved. */
export const STEAL_RESERVED: i64 = 0x3e;

/** Bit 1 of MSR_PV_EOI is reserved: areas are 4-byte aligned. */
export const EOI_RESERVED: i64 = 2;
export const EOI_BYTES: i32 = 4;
/** Bit of the PV EOI area, and its number. */
export const EOI_PENDING: i32 = 1;
export const EOI_BIT: i64 = 0;

export const HC_KICK_CPU: i64 = 5;
export const HC_CLOCK_PAIRING: i64 = 9;
export const HC_SEND_IPI: i64 = 10;
export const HC_SCHED_YIELD: i64 = 11;
export const ENOSYS: i64 = -1000;
export const EPERM: i64 = -1;
export const EINVAL: i64 = -22;
export const EFAULT: i64 = -14;
export const EOPNOTSUPP: i64 = -95;
/** ICR bits that HC_SEND_IPI refuses: logical destination and shorthands. */
export const ICR_REFUSED: i64 = 0xc0800;
/** ICR delivery mode of HC_SEND_IPI. */
export const ICR_NMI: i32 = 0x400;
/** Ids that one HC_SEND_IPI can name, from its lowest on. */
export const IPI_WINDOW: i32 = 128;

export const PVCLOCK_BYTES: i32 = 32;
export const PVCLOCK_TSC: i64 = 8;
export const PVCLOCK_SYSTEM: i64 = 16;
export const PVCLOCK_MUL: i64 = 24;
export const PVCLOCK_SHIFT: i64 = 28;
export const PVCLOCK_FLAGS: i64 = 29;
export const PVCLOCK_TSC_STABLE: i32 = 1;
export const PVCLOCK_GUEST_STOPPED: i32 = 2;

/** HC_CLOCK_PAIRING(gpa, type): {s64 s, s64 ns, u64 tsc, u32 flags, u32 pad[9]}; there is one type, the wall clock. */
export const PAIRING_BYTES: i32 = 64;
export const PAIRING_NS: i64 = 8;
export const PAIRING_TSC: i64 = 16;
export const PAIRING_WALLCLOCK: i64 = 0;

/** Wall clock: {u32 version, u32 s, u32 ns} of UTC at system time 0. */
export const WALL_CLOCK_BYTES: i32 = 12;
export const WALL_CLOCK_SECONDS: i64 = 4;
export const WALL_CLOCK_NS: i64 = 8;

export const STEAL_BYTES: i32 = 64;
export const STEAL_VERSION: i64 = 8;
export const STEAL_PREEMPTED: i64 = 16;
/** Values of the preempted byte. */
export const PREEMPTED: i32 = 1;
export const FLUSH_TLB: i32 = 2;
