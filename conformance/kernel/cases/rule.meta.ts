import { type CaseMeta, explored, sequential } from "../case-meta.ts";

export const rule: CaseMeta[] = [
  sequential("rule-native-equivalence", "Ops leave control registers alone", ["rule.native_equivalence.1"]),
  sequential("rule-clobbers", "Registers survive the loss of the processor", ["rule.clobbers.1"]),
  sequential("rule-flags", "Ops leave the interrupt flag alone", ["rule.flags.1"]),
  explored("rule-nmi-safety", "An NMI handler uses ops amid another", ["rule.nmi_safety.1"], ["flusher"], {
    arrivals: [{ kind: "nmi", vector: 2, vcpu: 0, max: 1 }],
  }),
  sequential("rule-scope", "Ops leave other vCPUs' registers alone", ["rule.scope.1"], ["caller", "bystander"], {
    on: [2, 1],
  }),
  sequential("rule-deferral", "Only entries are deferred", ["rule.deferral.1"]),
  sequential("rule-void-ops", "What cannot be done is not swallowed", ["rule.void_ops.1"]),
  explored("rule-long-ops", "A long flush is interrupted by another", ["rule.long_ops.1"], ["flusher"], {
    arrivals: [{ kind: "irq", vector: 0x42, vcpu: 0, max: 1 }],
  }),
];
