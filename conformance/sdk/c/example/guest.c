#include "info.h"
#include "machine.h"
#include "native.h"
#include "pvi.h"

// Our hypercalls: RAX the number, RCX the index of a vCPU; the result is in RAX.
enum { CALL_KICK = 1, CALL_STOLEN = 2, CALL_UTC = 3 };

// CPUID leaf 0x40000000 answers "Acme" in EBX.
#define SIGNATURE_LEAF 0x40000000
#define SIGNATURE 0x656d6341u
#define ECX_HYPERVISOR (INT64_C(1) << 31)

static int64_t info_va;
// Features of our own, before the user's veto.
static int64_t offered;

// The user may forbid a feature at any time by clearing its bit.
static int64_t allowed(void) {
  return offered & machine_load64(info_va + INFO_FEATURE_MASK);
}

static int exists(int32_t vcpu) {
  return (uint32_t)vcpu < (uint32_t)machine_load32(info_va + INFO_NR_VCPUS);
}

static int64_t hypercall(int64_t call, int32_t vcpu) {
  machine_set_reg(MACHINE_RAX, call);
  machine_set_reg(MACHINE_RCX, vcpu);
  machine_vmcall();
  return machine_reg(MACHINE_RAX);
}

int64_t half_abi(void) {
  return (int64_t)PVI_VERSION << 32 | PVI_VERSION;
}

int32_t half_init(int64_t info) {
  info_va = info;
  if (init_detect()) offered = FEATURE_STEAL | FEATURE_WAIT;
  return native_half_init(info);
}

int32_t init_detect(void) {
  machine_cpuid(1, 0);
  if (!(machine_reg(MACHINE_RCX) & ECX_HYPERVISOR)) return 0;
  machine_cpuid(SIGNATURE_LEAF, 0);
  return (uint32_t)machine_reg(MACHINE_RBX) == SIGNATURE;
}

int64_t init_features(int32_t which) {
  int64_t said = native_init_features(which);
  if (which == 0) return said | allowed();
  return which == 2 ? said & ~PRIVILEGE_WALLCLOCK : said;
}

static void enter_host(int64_t argument) {
  (void)argument;
  machine_vmcall();
}

// In WebAssembly the address of a function is its slot of the table.
int64_t init_hypercall_entry(void) {
  return machine_code_addr((int32_t)(intptr_t)enter_host, 0);
}

void init_revoke_all(void) {
  native_init_revoke_all();
  offered &= ~FEATURE_STEAL;
}

int64_t time_steal_clock(int32_t vcpu) {
  if (!(allowed() & FEATURE_STEAL) || !exists(vcpu)) return 0;
  return hypercall(CALL_STOLEN, vcpu);
}

int64_t time_wallclock_get(void) {
  return hypercall(CALL_UTC, 0);
}

int32_t time_wallclock_set(int64_t utc_ns) {
  (void)utc_ns;
  return E_PERM;
}

void lock_wait(int64_t ptr, int32_t val) {
  if (!(allowed() & FEATURE_WAIT)) {
    native_lock_wait(ptr, val);
    return;
  }
  if (machine_load32(info_va + INFO_NMI_DEPTH)) return;
  machine_mfence();
  int enabled = (machine_pushf() & MACHINE_RFLAGS_IF) != 0;
  machine_cli();
  int holds = machine_load8(ptr) == (val & 0xff);
  if (enabled) machine_sti();
  if (holds) machine_hlt();
}

void lock_kick(int32_t vcpu) {
  if (offered && exists(vcpu)) hypercall(CALL_KICK, vcpu);
}
