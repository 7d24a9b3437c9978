/**
 * One bug per case that exactly this case notices, and one per clause: the proof that each can fail, and fails for its own reason.
 * `npm run sabotages` compiles and runs them all, sabotages.test.ts some.
 */
import { alarmSabotages } from "./sabotages/alarm.ts";
import { apicSabotages } from "./sabotages/apic.ts";
import { clauseSabotages } from "./sabotages/clauses.ts";
import { counterSabotages } from "./sabotages/counter.ts";
import { dutiesSabotages } from "./sabotages/duties.ts";
import { hostileSabotages } from "./sabotages/hostile.ts";
import { initSabotages } from "./sabotages/init.ts";
import { ipiSabotages } from "./sabotages/ipi.ts";
import { irqSabotages } from "./sabotages/irq.ts";
import { lockSabotages } from "./sabotages/lock.ts";
import { mmuSabotages } from "./sabotages/mmu.ts";
import { msrSabotages } from "./sabotages/msr.ts";
import { processorSabotages } from "./sabotages/processor.ts";
import { ruleSabotages } from "./sabotages/rule.ts";
import type { Sabotage } from "./sabotages/sabotage.ts";
import { smpSabotages } from "./sabotages/smp.ts";
import { sysSabotages } from "./sabotages/sys.ts";
import { timeSabotages } from "./sabotages/time.ts";

export { type Edit, type Sabotage, sabotageId } from "./sabotages/sabotage.ts";

/** One per case, in their order. */
export const sabotages: readonly Sabotage[] = [
  ...initSabotages,
  ...irqSabotages,
  ...msrSabotages,
  ...apicSabotages,
  ...ipiSabotages,
  ...mmuSabotages,
  ...timeSabotages,
  ...counterSabotages,
  ...alarmSabotages,
  ...lockSabotages,
  ...smpSabotages,
  ...sysSabotages,
  ...hostileSabotages,
  ...ruleSabotages,
  ...dutiesSabotages,
  ...processorSabotages,
];

/** Those, and one for each clause that none of them fails. */
export const allSabotages: readonly Sabotage[] = [...sabotages, ...clauseSabotages];
