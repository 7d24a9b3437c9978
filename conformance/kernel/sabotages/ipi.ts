/** Sabotages of ipi.*. */
import { edit, native, nativeGuest, type Sabotage } from "./sabotage.ts";

const targets = "  const targets = maskOf(mask_va);";

export const ipiSabotages: readonly Sabotage[] = [
  native(
    "ipi-exact-targets",
    "of several targets, all between the lowest and the highest are sent to",
    edit(
      nativeGuest,
      targets,
      `${targets.replace("const", "let")}\n  if (popcnt(targets) > 1) targets = (<u64>-1 << ctz(targets)) & (<u64>-1 >> clz(targets));`,
    ),
  ),
  native(
    "ipi-stores-visible",
    "no fence before the ICR write",
    edit(nativeGuest, `${targets}\n  machine.mfence();`, targets),
  ),
  native(
    "ipi-refuses-vectors",
    "vectors of exceptions are sent",
    edit(nativeGuest, "if (vector < VECTOR_MIN || vector", "if (vector < 0 || vector"),
  ),
  native(
    "ipi-nobody",
    "bits of vCPUs that do not exist wrap to the first ones",
    edit(
      nativeGuest,
      targets,
      "  const named = <u64>machine.load64(mask_va);\n  const targets = maskOf(mask_va) | ((named >> 8) & 15);",
    ),
  ),
  native(
    "ipi-by-index",
    "the index of vCPU 3 is taken for its APIC id",
    edit(
      nativeGuest,
      targets,
      `${targets}\n  if (targets == 8) {\n    machine.mfence();\n    machine.wrmsr(machine.MSR_X2APIC_ICR, (<i64>3 << 32) | vector);\n    return 0;\n  }`,
    ),
  ),
  native(
    "ipi-to-self",
    "the sender is left out",
    edit(nativeGuest, targets, "  const targets = maskOf(mask_va) & ~(<u64>1 << machine.vcpu());"),
  ),
  native(
    "ipi-to-masked-target",
    "the sender waits until every target has answered",
    edit(
      nativeGuest,
      "  sendEach(targets, vector);\n  return 0;",
      "  sendEach(targets, vector);\n  return flushMulti(mask_va, 0, 4096, 0);",
    ),
  ),
];
