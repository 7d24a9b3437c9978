import { op, type Tier } from "../schema.ts";

/** Xen PV guests have event channels and no local APIC. */
const whereAnApicIs: Record<"native" | "enlightened" | "shadow" | "direct", Tier> = {
  native: "optional",
  enlightened: "optional",
  shadow: "optional",
  direct: "none",
};

const register = {
  name: "reg",
  type: "i32",
  doc: "offset of the register in the APIC page of the SDM, 0x000 to 0x3F0 in steps of 0x10",
} as const;

export const apicEoi = op({
  id: "apic.eoi",
  summary: "Ends the service of the interrupt that the caller handles.",
  params: [],
  result: "void",
  tiers: whereAnApicIs,
  clauses: [
    {
      n: 1,
      text: "Of several vectors in service exactly one is retired, the highest.",
      source: "Intel SDM vol. 3, EOI register; Linux arch/x86/kvm/lapic.c apic_set_eoi",
    },
    {
      n: 2,
      text: "A vector of the same or a lower class that waited is then delivered as soon as interrupts are enabled.",
      source: "Intel SDM vol. 3, processor priority",
    },
    { n: 3, text: "With nothing in service the call has no effect.", source: "Intel SDM vol. 3, EOI register" },
    {
      n: 4,
      text: "An interrupt that arrives at any moment of the call is delivered in the end, and one call never retires two.",
      source:
        "Linux Documentation/virt/kvm/x86/msr.rst MSR_KVM_PV_EOI_EN: the guest tests and clears in one instruction",
    },
    {
      n: 5,
      text: "After a call that reported FEATURE_EOI as absent the native sequence is used, whatever the host has published.",
      source: "rule G8; Linux arch/x86/kernel/kvm.c kvm_guest_apic_eoi_write",
    },
    {
      n: 6,
      text: "A vCPU that has been descheduled, or has called init.revoke_all, ends with its next call the service of an interrupt that it took before, and of nothing that it has ended before.",
      source:
        "Linux arch/x86/kvm/lapic.c apic_sync_pv_eoi_from_guest: the bit is taken back whenever the vCPU is out of guest mode; arch/x86/kernel/kvm.c kvm_guest_cpu_offline",
    },
  ],
  deviations: ["The host may learn of it only at the next exit, as long as no other interrupt waits for it."],
  decisions: [
    {
      conflict: "KVM and Hyper-V publish a bit that spares the exit; elsewhere the register is written.",
      choice: "The op hides it. Writing the register directly instead of calling the op stays legal at any time.",
    },
  ],
  sources: ["Linux struct apic eoi", "KVM MSR_KVM_PV_EOI_EN", "Hyper-V VP assist page and EOI MSR", "VMI APICWrite"],
  native: true,
});

export const apicRead = op({
  id: "apic.read",
  summary: "Reads a register of the calling vCPU's local APIC.",
  params: [register],
  result: "i64",
  resultDoc: "the register's 32 bits, zero-extended, or E_INVAL",
  fallible: true,
  tiers: whereAnApicIs,
  clauses: [
    {
      n: 1,
      text: "The result is the register of the calling vCPU.",
      source: "Intel SDM vol. 3, local APIC register map; VMI APICRead",
    },
    {
      n: 2,
      text: "Where no register can be read, and for offsets that are not multiples of 16, the result is E_INVAL and no fault is raised.",
      source: "Intel SDM vol. 3, x2APIC: RDMSR of a reserved register raises #GP",
    },
  ],
  deviations: [],
  decisions: [
    {
      conflict:
        "A reserved register reads as 0 in the memory-mapped page, raises #GP as an MSR, and is undefined in VMI.",
      choice: "E_INVAL: a caller learns it and nothing faults. The ICR has 64 bits and ops of its own.",
    },
  ],
  sources: ["Linux struct apic read", "VMI APICRead"],
  native: true,
});

export const apicWrite = op({
  id: "apic.write",
  summary: "Writes a register of the calling vCPU's local APIC.",
  params: [register, { name: "value", type: "i32", doc: "all 32 bits" }],
  result: "i32",
  resultDoc: "0 or E_INVAL",
  fallible: true,
  tiers: whereAnApicIs,
  clauses: [
    {
      n: 1,
      text: "The write takes effect before the call returns: a task priority that was raised holds its classes back, one that was lowered lets what waits pass.",
      source: "Intel SDM vol. 3, task priority; VMI APICWrite",
    },
    { n: 2, text: "The APICs of other vCPUs stay as they are.", source: "rule G5" },
    {
      n: 3,
      text: "Where no register can be written, and for values that the register cannot hold, the result is E_INVAL, no fault is raised and nothing changes.",
      source: "Intel SDM vol. 3, x2APIC: WRMSR to a reserved register or bit raises #GP",
    },
    {
      n: 4,
      text: "A timer whose initial count is written counts down from there at the rate that its divider selects; what was written reads back.",
      source: "Intel SDM vol. 3, APIC timer: initial count, current count, divide configuration",
    },
    {
      n: 5,
      text: "At 0 the timer raises its vector unless it is masked, once or, in periodic mode, again and again; an initial count of 0 or another mode stops it.",
      source: "Intel SDM vol. 3, APIC timer: one-shot, periodic and TSC-deadline mode",
    },
  ],
  deviations: [],
  sources: ["Linux struct apic write", "VMI APICWrite", "Hyper-V TPR MSR"],
  native: true,
});

export const apicIcrRead = op({
  id: "apic.icr_read",
  summary: "Reads the interrupt command register.",
  params: [],
  result: "i64",
  resultDoc: "destination APIC id in bits 63:32, command in 31:0",
  tiers: whereAnApicIs,
  clauses: [
    {
      n: 1,
      text: "The result is what the calling vCPU wrote last, with the delivery-status bit 12 clear.",
      source: "Intel SDM vol. 3, ICR: x2APIC has no delivery status",
    },
  ],
  deviations: [],
  sources: ["Linux struct apic icr_read", "Hyper-V ICR MSR"],
  native: true,
});

export const apicIcrWrite = op({
  id: "apic.icr_write",
  summary: "Writes the interrupt command register: sends what the command says.",
  params: [{ name: "command", type: "i64", doc: "destination APIC id in bits 63:32, command in 31:0" }],
  result: "i32",
  resultDoc: "0 or E_INVAL",
  fallible: true,
  tiers: whereAnApicIs,
  clauses: [
    {
      n: 1,
      text: "The interrupt or NMI goes to the APIC id of the destination field, or to self, all, or all others as the shorthand says, and to nobody else.",
      source: "Intel SDM vol. 3, ICR: destination shorthand",
    },
    {
      n: 2,
      text: "Stores made before the call are visible to the handlers.",
      source: "Intel SDM vol. 3, x2APIC: WRMSR to the ICR is not serialising",
    },
    {
      n: 3,
      text: "Reserved delivery modes, reserved bits and fixed vectors below 16 are refused with E_INVAL; nothing is sent and the register keeps its value.",
      source: "Intel SDM vol. 3, x2APIC ICR: reserved bits raise #GP; illegal vectors",
    },
  ],
  deviations: [],
  sources: ["Linux struct apic icr_write", "Hyper-V ICR MSR"],
  native: true,
});
