import { type CaseMeta, everyVcpu, explored, sequential } from "../case-meta.ts";

export const duties: CaseMeta[] = [
  sequential("rule-absent-feature", "Each feature missing, and all", ["rule.absent_feature.1"], ["vCPU"], { on: [1] }),
  sequential("rule-absent-call", "Calls that nobody offers", ["rule.absent_feature.2"]),
  sequential("rule-untrusted-names", "Names of nobody", ["rule.untrusted_pointers.1"]),
  explored(
    "rule-untrusted-rewritten",
    "A set is rewritten while it is read",
    ["rule.untrusted_pointers.2"],
    ["sender", "rewriter"],
    { on: [0, 3], budget: 60 },
  ),
  sequential("rule-areas-elsewhere", "Memory that nobody registered", ["rule.areas.1"], everyVcpu),
  explored("rule-areas-revoked", "An interrupt amid the revocation uses ops", ["rule.areas.2"], everyVcpu, {
    bound: 0,
    budget: 160,
    arrivals: [{ kind: "irq", vector: 0x43, vcpu: 0, max: 1 }],
  }),
  explored("rule-publication", "A reader is interrupted by another, after a new publication", ["rule.publication.1"], ["reader"], {
    budget: 60,
    arrivals: [{ kind: "irq", vector: 0x44, vcpu: 0, max: 1 }],
  }),
];
