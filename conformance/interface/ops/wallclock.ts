/** time.wallclock_*: the time of day. */
import { coreEverywhere, op } from "../schema.ts";

export const timeWallclockGet = op({
  id: "time.wallclock_get",
  summary: "The time of day.",
  params: [],
  result: "i64",
  resultDoc: "ns since 1 January 1970, UTC",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "The result is UTC to a second.",
      source: "Linux Documentation/virt/kvm/x86/msr.rst MSR_KVM_WALL_CLOCK_NEW; MC146818 has a resolution of a second",
    },
    {
      n: 2,
      text: "Between two readings it grows by the real time between them, within 2 ns and one part in 2^30.",
      source: "Xen public/xen.h: wall clock is the time at boot plus system time",
    },
    {
      n: 3,
      text: "A reading is not smaller than one that finished earlier on another vCPU.",
      source: "Linux arch/x86/kvm/x86.c kvm_write_wall_clock: one for the guest, though written through a vCPU's MSR",
    },
    {
      n: 4,
      text: "When the clock that it is taken from is set meanwhile, it tells the time of before or of after, never a mixture.",
      source:
        "Linux drivers/rtc/rtc-mc146818-lib.c: registers are read again when they may have changed; Xen public/xen.h wc_version",
    },
  ],
  deviations: [
    "A step of the host's clock after the first reading need not be seen.",
    "Where the host's clock is set back, so may the readings be.",
  ],
  decisions: [
    {
      conflict: "Xen and KVM publish UTC at boot in s and ns, VMI answers a call, Hyper-V leaves it to a service.",
      choice: "One number, now: what the guest half adds up from the parts is its own affair.",
    },
  ],
  sources: ["KVM MSR_KVM_WALL_CLOCK_NEW", "Xen shared_info wc_*", "VMI GetWallclockTime"],
  native: true,
});

export const timeWallclockSet = op({
  id: "time.wallclock_set",
  summary: "Sets the time of day.",
  params: [{ name: "utc", type: "i64", doc: "ns since 1 January 1970, UTC" }],
  result: "i32",
  resultDoc: "0, or E_PERM without PRIVILEGE_WALLCLOCK",
  fallible: true,
  tiers: { native: "optional", enlightened: "optional", shadow: "optional", direct: "optional" },
  clauses: [
    {
      n: 1,
      text: "With PRIVILEGE_WALLCLOCK time.wallclock_get goes on from the time set, on every vCPU.",
      source: "Xen XENPF_settime",
    },
    {
      n: 2,
      text: "Without PRIVILEGE_WALLCLOCK it gives E_PERM and time.wallclock_get goes on as before.",
      source: "Xen XENPF_settime is the control domain's; Linux arch/x86/kernel/kvmclock.c kvm_set_wallclock refuses",
    },
  ],
  deviations: [],
  sources: ["Xen XENPF_settime"],
  native: true,
});
