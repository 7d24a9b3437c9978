/** The catalogue in suite order: every op, every clause, the enums. All else is generated from here. */
import * as alarm from "./ops/alarm.ts";
import * as apic from "./ops/apic.ts";
import * as init from "./ops/init.ts";
import * as ipi from "./ops/ipi.ts";
import * as irq from "./ops/irq.ts";
import * as lock from "./ops/lock.ts";
import * as migration from "./ops/migration.ts";
import * as mmu from "./ops/mmu.ts";
import * as mmuLazy from "./ops/mmu-lazy.ts";
import * as msr from "./ops/msr.ts";
import { rules } from "./ops/rules.ts";
import * as smp from "./ops/smp.ts";
import * as sys from "./ops/sys.ts";
import * as time from "./ops/time.ts";
import * as wallclock from "./ops/wallclock.ts";
import type { Clause, Op } from "./schema.ts";

export { errors, features, hints, privileges } from "./constants.ts";

/** Version of the Paravirt Interface this catalogue declares; a minor only adds. */
export const pvi = "1.0";

/** All ops; an op's index here is its id towards the VM and in `probe`. */
export const ops: readonly Op[] = [
  init.initVersion,
  init.initFeatures,
  init.initDetect,
  init.initRelocate,
  init.initRevokeAll,
  init.initHypercallEntry,
  init.initIdentifyGuest,
  init.initAssists,
  irq.irqSaveFl,
  irq.irqDisable,
  irq.irqEnable,
  irq.irqSafeHalt,
  irq.irqRestore,
  irq.irqHalt,
  irq.irqSintConfig,
  msr.msrRead,
  msr.msrWrite,
  msr.msrReadSafe,
  msr.msrWriteSafe,
  apic.apicEoi,
  apic.apicRead,
  apic.apicWrite,
  apic.apicIcrRead,
  apic.apicIcrWrite,
  ipi.ipiSendMask,
  ipi.ipiSendNmi,
  mmu.mmuReadCr3,
  mmu.mmuWriteCr3,
  mmu.mmuSetPte,
  mmu.mmuFlushTlbOne,
  mmu.mmuFlushTlbUser,
  mmu.mmuFlushTlbKernel,
  mmu.mmuFlushTlbMulti,
  mmuLazy.mmuLazyEnter,
  mmuLazy.mmuLazyLeave,
  mmuLazy.mmuLazyFlush,
  time.timeSchedClock,
  time.timeStealClock,
  wallclock.timeWallclockGet,
  wallclock.timeWallclockSet,
  alarm.timeCycleFrequency,
  alarm.timeAlarmSet,
  alarm.timeAlarmCancel,
  migration.timeMigrationNotice,
  migration.timeClockPairing,
  lock.lockWait,
  lock.lockKick,
  lock.lockVcpuIsPreempted,
  lock.lockSpinNotify,
  lock.lockYieldTo,
  smp.smpSetInitialApState,
  smp.smpCpuUp,
  smp.smpCpuDown,
  smp.smpIsUp,
  smp.smpApicidToVp,
  sys.sysShutdown,
  sys.sysCrashReport,
  sys.sysWatchdog,
  ...rules,
];

/** Ops that halves can export and kernels can call: all but the rules. */
export const callable: readonly Op[] = ops.filter(({ rule }) => !rule);

export interface NamedClause extends Clause {
  /** `group.name.n` */
  id: string;
  op: string;
}

/** All clauses in op order; numbers of the case section refer to ids, not to positions here. */
export const clauses: readonly NamedClause[] = ops.flatMap((op) =>
  op.clauses.map((clause) => ({ ...clause, id: `${op.id}.${clause.n}`, op: op.id })),
);

/** Export name of an op: `irq.disable` is `irq_disable`. */
export function exportName(id: string): string {
  return id.replace(".", "_");
}

/** Group of an op or clause id. */
export function groupOf(id: string): string {
  return id.split(".")[0] as string;
}
