import { type CaseMeta, sequential } from "../case-meta.ts";

const accesses = ["rule.processor.3"];

export const tables: CaseMeta[] = [
  sequential("processor-table-writes", "Every instruction that can write an entry in use", accesses, ["vCPU"], { on: [0] }),
  sequential("processor-table-alias", "A table through a mapping of its own", accesses, ["vCPU"], { on: [1] }),
  sequential("processor-tables-of-themselves", "One table at four levels", accesses, ["vCPU"], { on: [2] }),
  sequential("processor-many-tables", "More tables than can be remembered", accesses, ["vCPU"], { on: [3] }),
  sequential("processor-many-turns", "A table that is built and taken away again and again", accesses, ["vCPU"], { on: [1] }),
  sequential("processor-many-roots", "Roots that are written while they are and are not in use", accesses, ["vCPU"], { on: [0] }),
];
