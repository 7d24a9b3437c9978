/** Sabotages of ipi.*. */
import { edit, guest, kvmRemote, native, nativeGuest, type Sabotage } from "./sabotage.ts";

const checked = "vector > VECTOR_MAX) return E_INVAL;\n";
export const targets = `${checked}  const targets = upOf(maskOf(mask_va));`;
export const nmi = "export function ipi_send_nmi(mask_va: i64): i32 {\n  const targets = upOf(maskOf(mask_va));";
/** Only targets between the lowest and the highest, where there are several. */
const filled = "  if (popcnt(targets) > 1) targets = (<u64>-1 << ctz(targets)) & (<u64>-1 >> clz(targets));";

export const ipiSabotages: readonly Sabotage[] = [
  native(
    "ipi-exact-targets",
    "of several targets, all between the lowest and the highest are sent to",
    edit(nativeGuest, targets, `${targets.replace("const", "let")}\n${filled}`),
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
      `${checked}  const named = <u64>machine.load64(mask_va);\n  const targets = maskOf(mask_va) | ((named >> 8) & 15);`,
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
    "a sender that is the only target is left out",
    edit(
      nativeGuest,
      targets,
      `${checked}  const targets = maskOf(mask_va) == <u64>1 << machine.vcpu() ? 0 : maskOf(mask_va);`,
    ),
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
  guest(
    "ipi-sparse-ids",
    "a lower id is taken for one that is in the window",
    edit(kvmRemote, "} else if (id > first && id < first + IPI_WINDOW) {", "} else if (id < first + IPI_WINDOW) {"),
  ),
  native(
    "ipi-to-down",
    "nothing is sent to vCPUs 1 and 3 when the latter is down",
    edit(nativeGuest, targets, `${targets}\n  if (targets == 2 && maskOf(mask_va) == 10) return 0;`),
  ),
  native(
    "ipi-nmi-targets",
    "of several targets, all between the lowest and the highest are sent to",
    edit(nativeGuest, nmi, `${nmi.replace("const", "let")}\n${filled}`),
  ),
  native(
    "ipi-nmi-coalesce",
    "the sender waits until the target's handler has returned",
    edit(
      nativeGuest,
      nmi,
      `${nmi}\n  if (targets == 4) while (machine.load32(infoVa + 2 * 4096 + INFO_NMI_DEPTH)) machine.pause();`,
    ),
    edit(nativeGuest, "import { featureMask, maskOf", "import { featureMask, infoVa, maskOf"),
    edit(nativeGuest, "import { E_INVAL,", "import { E_INVAL, INFO_NMI_DEPTH,"),
  ),
  native("ipi-nmi-stores", "no fence before the ICR write", edit(nativeGuest, `${nmi}\n  machine.mfence();`, nmi)),
  native(
    "ipi-nmi-nobody",
    "bits of vCPUs that do not exist wrap to the first ones",
    edit(
      nativeGuest,
      nmi,
      nmi.replace("(maskOf(mask_va))", "(maskOf(mask_va) | (<u64>machine.load64(mask_va) >> 8 & 1))"),
    ),
  ),
];
