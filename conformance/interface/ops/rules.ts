/** Rules that hold for every op, with clauses of their own. What an op adds to a rule is a clause of that op. */
import { coreEverywhere, type Op, op } from "../schema.ts";

/** Where the kernel runs at the highest privilege; elsewhere its instructions are the host's to define. */
const coreWherePrivileged: Op["tiers"] = { native: "core", enlightened: "core", shadow: "none", direct: "none" };

function rule(
  id: string,
  summary: string,
  sources: string[],
  clauses: Omit<Op["clauses"][number], "n">[],
  tiers: Op["tiers"] = coreEverywhere,
): Op {
  return op({
    id,
    summary,
    params: [],
    result: "void",
    tiers,
    clauses: clauses.map((clause, index) => ({ n: index + 1, ...clause })),
    deviations: [],
    sources,
    rule: true,
    native: false,
  });
}

export const rules: readonly Op[] = [
  rule(
    "rule.native_equivalence",
    "G1: with valid arguments an op does what the native instructions do, its deviations apart.",
    ["VMI draft of 13 March 2006", "Linux paravirt_types.h: native_ counterparts"],
    [
      {
        text: "Control registers and EFER are after every op what they were, unless the op is defined to change them.",
        source: "Linux paravirt_types.h: native_ counterparts",
      },
    ],
  ),
  rule(
    "rule.clobbers",
    "G2: only what the calling convention gives away may change.",
    ["Linux arch/x86/include/asm/kvm_para.h", "each system's hypercall ABI"],
    [
      {
        text: "When the host takes the processor away and gives it back, every general register is as it was.",
        source:
          "Intel SDM vol. 3, VM exits save and VM entries load guest state; hosts keep general registers themselves",
      },
    ],
  ),
  rule(
    "rule.flags",
    "G3: only irq.enable, irq.disable, irq.restore, irq.safe_halt and the return from a handler change the interrupt flag.",
    ["Linux pv_ops"],
    [
      {
        text: "No other op changes the interrupt-enable state, whether interrupts are enabled or disabled at the call.",
        source: "Linux commit f4e61f0c9add (kvm_wait restored interrupts wrongly)",
      },
    ],
  ),
  rule(
    "rule.nmi_safety",
    "G4: reading and changing the interrupt flag and reading the clock work in an NMI handler.",
    ["Linux pv_ops users in NMI context"],
    [
      {
        text: "An NMI handler that calls these ops at any instruction of another op does not change what that op does.",
        source: "Linux pv_ops users in NMI context",
      },
    ],
  ),
  rule(
    "rule.scope",
    "G5: an op on the state of a vCPU acts on the calling vCPU.",
    ["Linux pv_ops"],
    [
      {
        text: "An op that is about the calling vCPU changes no general register of another vCPU.",
        source: "Linux pv_ops: everything but flush, interrupts, kicks, starts and stops is per CPU",
      },
    ],
  ),
  rule(
    "rule.deferral",
    "G6: what may be delayed is named, and so is where the delay ends.",
    ["Xen multicalls", "VMI deferred mode"],
    [
      {
        text: "In a mmu.lazy bracket every op but mmu.set_pte takes effect at once.",
        source: "Linux pv_ops mmu.lazy_mode: page-table updates alone are batched",
      },
    ],
  ),
  rule(
    "rule.void_ops",
    "G7: an op without a result cannot fail silently.",
    ["Linux: a failed multicall is a BUG"],
    [
      {
        text: "A void op given what cannot be done raises an exception or ends the guest.",
        source: "VMI SetPxE; Linux arch/x86/xen/multicalls.c: a failed batch stops the kernel",
      },
    ],
  ),
  rule(
    "rule.absent_feature",
    "G8: what is not offered is done natively, and cannot be used behind anybody's back.",
    ["VMI draft of 2006, relocation type NONE", "Linux Documentation/virt/kvm/x86/cpuid.rst"],
    [
      {
        text: "Without a feature that init.features does not report the ops keep their promises, whichever one is missing.",
        source: "A. Vargas, LKML Aug 2006 (user may forbid features); VMI draft of 2006, relocation type NONE",
      },
      {
        text: "A call that the host does not offer raises an exception or answers other than success, and changes nothing.",
        source:
          "Linux Documentation/virt/kvm/x86/hypercalls.rst: -KVM_ENOSYS; Hyper-V TLFS, HV_STATUS_INVALID_HYPERCALL_CODE; Intel SDM vol. 2 VMCALL: #UD",
      },
    ],
  ),
  rule(
    "rule.untrusted_pointers",
    "G9: every address, index and count may name what is not there, and change while it is read.",
    ["CVE-2013-1796, CVE-2013-1797", "Linux commit bdf7ffc89922", "XSA-155: shared memory fetched twice"],
    [
      {
        text: "An address, an index or a set that names nothing of the guest's reaches nothing: nobody is disturbed and no memory changes.",
        source: "CVE-2013-1796, CVE-2013-1797; Linux commit bdf7ffc89922 (PV IPI out of bounds)",
      },
      {
        text: "Memory that changes while an op reads it counts as before or as after the change, never as a mixture.",
        source: "XSA-155: shared memory fetched twice",
      },
    ],
  ),
  rule(
    "rule.long_ops",
    "G10: work on many items is done for all of them, however often it is interrupted.",
    ["Xen continuations", "Hyper-V repeat hypercalls"],
    [
      {
        text: "A flush of many pages that is interrupted, even by a flush in the handler, covers every page on return.",
        source: "Hyper-V TLFS repeat hypercalls: the count of completed items and a restartable instruction",
      },
    ],
  ),
  rule(
    "rule.areas",
    "G11: an area belongs to the host from the call that registers it to the return of the one that revokes it.",
    ["Linux commits c02027b5742b, 3d6b84132d2a and 8b79feffeca2"],
    [
      {
        text: "Memory that no half has registered changes by the guest's own stores alone.",
        source: "CVE-2013-1796 (kvmclock area unchecked)",
      },
      {
        text: "Once revoked, an area stays so, whatever interrupts the revoking call and asks ops.",
        source: "Linux commits c02027b5742b, 3d6b84132d2a and 8b79feffeca2 (areas that live on into the next kernel)",
      },
    ],
  ),
  rule(
    "rule.publication",
    "G12: what is published in several words is guarded by a version: odd, body, even.",
    ["Xen and KVM pvclock", "Hyper-V TLFS, reference TSC page"],
    [
      {
        text: "A reader never combines two publications, nor does one that another reader interrupts.",
        source: "Linux arch/x86/kernel/pvclock.c: the version is compared per reading; Xen public/xen.h vcpu_time_info",
      },
    ],
  ),
  rule(
    "rule.processor",
    "G1: what no op stands for is the processor's own: a host that carries instructions out itself does it as the processor does.",
    [
      "Popek and Goldberg, Formal Requirements for Virtualizable Third Generation Architectures (1974): equivalence",
      "Intel SDM vol. 3",
    ],
    [
      {
        text: "Control, debug, model-specific and descriptor-table registers, flags and ports read, take and refuse what the processor's do.",
        source:
          "Intel SDM vol. 2, MOV CR, MOV DR, RDMSR, WRMSR, LGDT, LLDT, LTR, PUSHF, POPF, IN, OUT; vol. 3, 2.5, 17.2",
      },
      {
        text: "An exception reaches its handler with the vector, error code, fault address and instruction that the processor gives it, also when it meets the delivery of another event.",
        source: "Intel SDM vol. 3, 6.5, 6.12 to 6.15, 4.7",
      },
      {
        text: "Accesses obey the guest's page tables and control registers: permissions, reserved bits, page sizes, accessed and dirty bits, whatever instruction wrote the tables.",
        source: "Intel SDM vol. 3, 4.5 to 4.8, 4.10.4",
      },
      {
        text: "System calls, interrupts and returns change privilege, stack and flags as the processor does, and user mode may do no more than there.",
        source: "Intel SDM vol. 2, SYSCALL, IRET; vol. 3, 6.12, 5.8",
      },
      {
        text: "INIT and SIPI leave a processor with the registers of reset: flags, control and debug registers, local APIC and what its code had put into the others.",
        source: "Intel SDM vol. 3, table 9-1; Linux arch/x86/kvm/x86.c kvm_vcpu_reset",
      },
    ],
    coreWherePrivileged,
  ),
];
