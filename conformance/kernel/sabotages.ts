/**
 * One bug per case that exactly this case notices: the proof that each case can fail, and fails for its own reason.
 * sabotages.test.ts compiles and runs them all.
 */
import { alarmSabotages } from "./sabotages/alarm.ts";
import { apicSabotages } from "./sabotages/apic.ts";
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

export type { Edit, Sabotage } from "./sabotages/sabotage.ts";

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
