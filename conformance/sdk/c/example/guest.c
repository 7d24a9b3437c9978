#include "info.h"
#include "machine.h"
#include "native.h"
#include "pvi.h"

// Our hypercalls: RAX the number, RCX the index of a vCPU; the result is in RAX.
enum { CALL_KICK = 1, CALL_STOLEN = 2 };

static int64_t info_va;

// The user's veto may change at any time: a cleared bit forbids the feature.
static int64_t allowed(void) {
  return machine_load64(info_va + INFO_FEATURE_MASK);
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
  return native_half_init(info);
}

int64_t init_features(int32_t which) {
  int64_t own = which == 0 ? (FEATURE_STEAL | FEATURE_WAIT) & allowed() : 0;
  return native_init_features(which) | own;
}

int64_t time_steal_clock(int32_t vcpu) {
  if (!(allowed() & FEATURE_STEAL) || !exists(vcpu)) return 0;
  return hypercall(CALL_STOLEN, vcpu);
}

void lock_wait(int64_t ptr, int32_t val) {
  if (!(allowed() & FEATURE_WAIT)) {
    native_lock_wait(ptr, val);
    return;
  }
  machine_mfence();
  int enabled = (machine_pushf() & MACHINE_RFLAGS_IF) != 0;
  machine_cli();
  int holds = machine_load8(ptr) == (val & 0xff);
  if (enabled) machine_sti();
  if (holds) machine_hlt();
}

void lock_kick(int32_t vcpu) {
  if (exists(vcpu)) hypercall(CALL_KICK, vcpu);
}
