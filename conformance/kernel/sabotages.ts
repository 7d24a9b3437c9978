/**
 * One bug per case that exactly this case notices: the proof that each case can fail, and fails for its own reason.
 * sabotages.test.ts compiles and runs them all.
 */
import { cpuSabotages } from "./sabotages/cpu.ts";
import { mmuSabotages } from "./sabotages/mmu.ts";
import { remoteSabotages } from "./sabotages/remote.ts";
import type { Sabotage } from "./sabotages/sabotage.ts";

export type { Edit, Sabotage } from "./sabotages/sabotage.ts";

export const sabotages: readonly Sabotage[] = [...cpuSabotages, ...mmuSabotages, ...remoteSabotages];
