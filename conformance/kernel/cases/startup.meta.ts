import { type CaseMeta, sequential } from "../case-meta.ts";

export const startup: CaseMeta[] = [
  sequential("processor-startup", "Nothing of a processor's registers outlives INIT", ["rule.processor.5"]),
];
