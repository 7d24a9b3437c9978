import { type CaseMeta, everyVcpu, explored, sequential } from "../case-meta.ts";

export const ipi: CaseMeta[] = [
  sequential("ipi-exact-targets", "The set and nobody else", ["ipi.send_mask.1", "ipi.send_mask.2"], everyVcpu),
  explored("ipi-stores-visible", "The handler sees what was stored before", ["ipi.send_mask.3"], ["sender", "target"]),
  sequential("ipi-refuses-vectors", "Vectors of exceptions are refused", ["ipi.send_mask.4"]),
  sequential("ipi-nobody", "No target, or none that exists", ["ipi.send_mask.5"]),
  sequential("ipi-by-index", "Each vCPU alone, by its index", ["ipi.send_mask.6"], everyVcpu),
  sequential("ipi-to-self", "The sender is a target like any other", ["ipi.send_mask.7"]),
  sequential("ipi-to-masked-target", "A target with interrupts disabled", ["ipi.send_mask.8"], ["sender", "target"]),
  sequential("ipi-sparse-ids", "APIC ids in no order and far apart", ["ipi.send_mask.6"], everyVcpu),
  sequential("ipi-to-down", "A vCPU that is down is skipped", ["ipi.send_mask.9"], ["sender", "target"]),
  sequential("ipi-nmi-targets", "NMIs to the set and nobody else", ["ipi.send_nmi.1", "ipi.send_nmi.2"], everyVcpu),
  sequential("ipi-nmi-coalesce", "NMIs during an NMI make one more", ["ipi.send_nmi.3"], ["sender", "target"], {
    on: [0, 2],
  }),
  explored("ipi-nmi-stores", "The NMI handler sees what was stored before", ["ipi.send_nmi.4"], ["sender", "target"]),
  sequential("ipi-nmi-nobody", "NMIs to nobody, or nobody who is up", ["ipi.send_nmi.5"]),
];
