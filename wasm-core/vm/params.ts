// Parameters that the kernel (test.param) and the host half (host.param) may ask for.
import { apicId } from "../machine/config";
import { boot, directMap, idtVa, infoVa, percpuVa, sharedVa, stackTopVa } from "../machine/boot";
import { codeAddress, TRAMPOLINE_PFN } from "../machine/layout";
import { utcAtPowerOn } from "../machine/time";
import { config, unitRoles, unitSeed } from "./config";
import { Cpu } from "./cpu";
import { opCount } from "./ops";
import { ROLE_KERNEL } from "./modules";

/** Slot of kernel text that stands for the kernel's export `start`, which need not be in its table. */
export const START_SLOT: u32 = 1023;

/** Code address of the kernel's `start`. */
export function startAddress(): u64 {
  return codeAddress(ROLE_KERNEL, START_SLOT, 0);
}

/** test.param(k): bits 7:0 what, from bit 8 a vCPU. */
export function kernelParam(c: Cpu, k: u32): u64 {
  const vcpu = (k >> 8) % config.vcpus;
  switch (k & 255) {
    case 0: return config.vcpus;
    case 1: return config.memoryPages;
    case 2: return config.kind;
    case 3: return unitSeed();
    case 4: return opCount();
    case 5: return boot.first_free_pfn;
    case 6: return config.memoryPages - boot.first_free_pfn;
    case 7: return idtVa(c.index);
    case 8: return <u64>TRAMPOLINE_PFN << 12;
    case 9: return config.tscHz;
    case 10: return apicId(vcpu);
    case 11: return unitRoles();
    case 12: return infoVa(c.index);
    case 13: return sharedVa();
    case 14: return percpuVa(c.index);
    case 15: return stackTopVa(vcpu);
    case 16: return utcAtPowerOn();
    case 17: return idtVa(vcpu);
    case 18: return directMap(boot.gdt_pfn + vcpu);
    case 19: return config.declared;
    default: return 0;
  }
}

/** host.param(k). */
export function hostParam(k: u32): i64 {
  switch (k) {
    case 0: return config.vcpus;
    case 1: return config.memoryPages;
    case 2: return config.hostPages;
    case 3: return config.abiVersion;
    case 4: return config.featureMask & ~config.withheld;
    case 5: return startAddress();
    case 6: return stackTopVa(0);
    case 7: return (<u64>boot.root_pfn) << 12;
    case 8: return utcAtPowerOn();
    default: return 0;
  }
}
