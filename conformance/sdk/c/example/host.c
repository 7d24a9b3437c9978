#include "host.h"
#include "info.h"
#include "machine.h"
#include "pvi.h"

enum { CALL_KICK = 1, CALL_STOLEN = 2, CALL_UTC = 3 };
#define NS_PER_S INT64_C(1000000000)

#define SIGNATURE_LEAF 0x40000000
#define SIGNATURE 0x656d6341u

// ENTRY_EVENT: vector in bits 7:0, 3 << 8 an exception, bit 11 with an error code, bit 31 valid.
#define INVALID_OPCODE INT64_C(0x80000306)
#define GENERAL_PROTECTION INT64_C(0x80000b0d)

static int64_t vcpus, cr0, cr4, efer;
// Bit per vCPU: its HLT may now be executed in guest mode; a kick that no halt has consumed yet.
static uint32_t halting, kicked;

int64_t half_abi(void) {
  return (int64_t)PVI_VERSION << 32 | PVI_VERSION;
}

static int64_t zeroed_pages(void) {
  for (int64_t frame = 0; frame + 1 < host_frames(); frame++)
    if (host_owner(frame) == HOST_OWNER_HOST && host_owner(frame + 1) == HOST_OWNER_HOST) return frame << 12;
  return -1;
}

int32_t half_boot(void) {
  vcpus = host_param(HOST_PARAM_VCPUS);
  int64_t map = zeroed_pages();
  if (map < 0) return E_INVAL;
  for (int32_t i = 0; i < vcpus; i++) host_set(i, HOST_FIELD_MSR_MAP, map);
  cr0 = host_get(0, HOST_FIELD_CR0);
  cr4 = host_get(0, HOST_FIELD_CR4);
  efer = host_get(0, HOST_FIELD_EFER);
  return 0;
}

static void skip(int32_t vcpu) {
  host_set(vcpu, HOST_FIELD_RIP, host_get(vcpu, HOST_FIELD_RIP) + host_get(vcpu, HOST_FIELD_EXIT_LEN));
}

static int32_t complete(int32_t vcpu, int64_t result) {
  host_set(vcpu, HOST_FIELD_RAX, result);
  skip(vcpu);
  return HOST_ACTION_ENTER;
}

static int32_t inject(int32_t vcpu, int64_t event) {
  host_set(vcpu, HOST_FIELD_ENTRY_ERROR, 0);
  host_set(vcpu, HOST_FIELD_ENTRY_EVENT, event);
  return HOST_ACTION_ENTER;
}

static int32_t hypercall(int32_t vcpu) {
  int64_t call = host_get(vcpu, HOST_FIELD_RAX);
  int64_t target = host_get(vcpu, HOST_FIELD_RCX);
  if ((uint64_t)target >= (uint64_t)vcpus) return complete(vcpu, E_INVAL);
  if (call == CALL_STOLEN) return complete(vcpu, host_get((int32_t)target, HOST_FIELD_TIME_READY));
  if (call == CALL_UTC) return complete(vcpu, host_param(HOST_PARAM_UTC_S) * NS_PER_S + host_now());
  if (call != CALL_KICK) return complete(vcpu, E_INVAL);
  kicked |= 1u << target;
  host_kick((int32_t)target);
  return complete(vcpu, 0);
}

static int32_t halt(int32_t vcpu) {
  if (kicked & 1u << vcpu) {
    kicked &= ~(1u << vcpu);
    skip(vcpu);
  } else {
    halting |= 1u << vcpu;
  }
  return HOST_ACTION_ENTER;
}

void half_enter(int32_t vcpu) {
  host_set(vcpu, HOST_FIELD_CTL_EXIT, halting & ~kicked & 1u << vcpu ? 0 : HOST_CTL_HLTX);
  halting &= ~(1u << vcpu);
}

static int32_t cpuid(int32_t vcpu) {
  int32_t leaf = (int32_t)host_get(vcpu, HOST_FIELD_EXIT_A);
  int32_t sub = (int32_t)host_get(vcpu, HOST_FIELD_EXIT_B);
  uint32_t hypervisor = leaf == 1 ? 1u << 31 : 0;
  host_set(vcpu, HOST_FIELD_RBX, leaf == SIGNATURE_LEAF ? SIGNATURE : (uint32_t)host_cpuid(leaf, sub, 1));
  host_set(vcpu, HOST_FIELD_RCX, (uint32_t)host_cpuid(leaf, sub, 2) | hypervisor);
  host_set(vcpu, HOST_FIELD_RDX, (uint32_t)host_cpuid(leaf, sub, 3));
  return complete(vcpu, (uint32_t)host_cpuid(leaf, sub, 0));
}

static int32_t instruction(int32_t vcpu) {
  int64_t insn = host_get(vcpu, HOST_FIELD_EXIT_INSN);
  if (insn == HOST_INSN_CPUID) return cpuid(vcpu);
  return insn == HOST_INSN_HLT ? halt(vcpu) : inject(vcpu, INVALID_OPCODE);
}

static int32_t io(int32_t vcpu) {
  int64_t port = host_get(vcpu, HOST_FIELD_EXIT_A);
  int64_t value = host_get(vcpu, HOST_FIELD_EXIT_B);
  int64_t flags = host_get(vcpu, HOST_FIELD_EXIT_FLAGS);
  if (!(flags & 1)) return complete(vcpu, 0xffffffffu >> (32 - ((flags >> 1) << 3)));
  if (port == MACHINE_PORT_POWER && value & MACHINE_POWER_OFF) host_shutdown(0);
  if (port == MACHINE_PORT_RESET && value & 4) host_shutdown(1);
  return complete(vcpu, value);
}

static int32_t startup(int32_t vcpu) {
  int64_t frame = host_guest_frame((int32_t)host_get(vcpu, HOST_FIELD_EXIT_A) & 0xff);
  if (frame < 0 || host_owner(frame) != HOST_OWNER_GUEST) return HOST_ACTION_OFF;
  host_set(vcpu, HOST_FIELD_CR0, cr0);
  host_set(vcpu, HOST_FIELD_CR4, cr4);
  host_set(vcpu, HOST_FIELD_EFER, efer);
  host_set(vcpu, HOST_FIELD_RFLAGS, 2);
  host_set(vcpu, HOST_FIELD_RIP, host_load64(frame << 12));
  host_set(vcpu, HOST_FIELD_CR3, host_load64((frame << 12) + 8));
  host_set(vcpu, HOST_FIELD_RSP, host_load64((frame << 12) + 16));
  host_tlb(vcpu, HOST_TLB_ALL, 0, 0);
  return HOST_ACTION_ENTER;
}

int32_t half_exit(int32_t vcpu, int32_t reason) {
  switch (reason) {
    case HOST_EXIT_HYPERCALL:
      return hypercall(vcpu);
    case HOST_EXIT_INSN:
      return instruction(vcpu);
    case HOST_EXIT_MSR:
      return inject(vcpu, GENERAL_PROTECTION);
    case HOST_EXIT_IO:
      return io(vcpu);
    case HOST_EXIT_SIPI:
      return startup(vcpu);
    case HOST_EXIT_KICK:
      return HOST_ACTION_ENTER;
    // Memory that the guest does not have: loads give all ones, stores are lost.
    case HOST_EXIT_SLAT:
      return complete(vcpu, -1);
    default:
      host_crash(0, 0);
      return HOST_ACTION_OFF;
  }
}
