/** All cases; section.ts appends them to kernel.wasm as `parley.cases`. */
import type { CaseFile, CaseMeta } from "./case-meta.ts";
import { alarm } from "./cases/alarm.meta.ts";
import { apic } from "./cases/apic.meta.ts";
import { cost } from "./cases/cost.meta.ts";
import { counter } from "./cases/counter.meta.ts";
import { down } from "./cases/down.meta.ts";
import { duties } from "./cases/duties.meta.ts";
import { eoi } from "./cases/eoi.meta.ts";
import { exceptions } from "./cases/exceptions.meta.ts";
import { flush } from "./cases/flush.meta.ts";
import { hints } from "./cases/hints.meta.ts";
import { hostile } from "./cases/hostile.meta.ts";
import { init } from "./cases/init.meta.ts";
import { ipi } from "./cases/ipi.meta.ts";
import { irq } from "./cases/irq.meta.ts";
import { lazy } from "./cases/lazy.meta.ts";
import { lock } from "./cases/lock.meta.ts";
import { mmu } from "./cases/mmu.meta.ts";
import { msr } from "./cases/msr.meta.ts";
import { preempted } from "./cases/preempted.meta.ts";
import { privilege } from "./cases/privilege.meta.ts";
import { processor } from "./cases/processor.meta.ts";
import { rule } from "./cases/rule.meta.ts";
import { segments } from "./cases/segments.meta.ts";
import { smp } from "./cases/smp.meta.ts";
import { startup } from "./cases/startup.meta.ts";
import { sys } from "./cases/sys.meta.ts";
import { tables } from "./cases/tables.meta.ts";
import { time } from "./cases/time.meta.ts";
import { translation } from "./cases/translation.meta.ts";
import { x2apic } from "./cases/x2apic.meta.ts";

export type { Arrival, CaseFile, CaseMeta, Role } from "./case-meta.ts";

export const caseFiles: readonly CaseFile[] = [
  { file: "init", cases: init },
  { file: "irq", cases: irq },
  { file: "msr", cases: msr },
  { file: "eoi", cases: eoi },
  { file: "apic", cases: apic },
  { file: "ipi", cases: ipi },
  { file: "mmu", cases: mmu },
  { file: "lazy", cases: lazy },
  { file: "flush", cases: flush },
  { file: "preempted", cases: preempted },
  { file: "time", cases: time },
  { file: "counter", cases: counter },
  { file: "alarm", cases: alarm },
  { file: "lock", cases: lock },
  { file: "hints", cases: hints },
  { file: "smp", cases: smp },
  { file: "down", cases: down },
  { file: "sys", cases: sys },
  { file: "hostile", cases: hostile },
  { file: "rule", cases: rule },
  { file: "duties", cases: duties },
  { file: "processor", cases: processor },
  { file: "segments", cases: segments },
  { file: "x2apic", cases: x2apic },
  { file: "exceptions", cases: exceptions },
  { file: "privilege", cases: privilege },
  { file: "translation", cases: translation },
  { file: "tables", cases: tables },
  { file: "startup", cases: startup },
];

/** Scenarios that are counted, not graded: their indices follow those of the cases. */
export const scenarioFile: CaseFile = { file: "cost", cases: cost };

/** All cases in suite order; the position is the case's index towards the VM. */
export const cases: readonly CaseMeta[] = caseFiles.flatMap(({ cases }) => cases);
