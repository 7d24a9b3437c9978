// apic.eoi by the shared bit. Testing and clearing is one instruction: an interrupt between the two would leave guest mode, where
// the host takes the bit back.
import * as machine from "../../../sdk/as/machine";
import * as native from "../../../sdk/as/native";
import { self } from "../../lib/info";
import { EOI_BIT, EOI_PENDING } from "../abi";
import { eoiArea } from "./areas";

/** Unlocked: the host writes the area only while this vCPU is out of guest mode. */
const BTR_32: i32 = machine.RMW_BTR | machine.SIZE_32;

export function eoi(): void {
  if (!(<i32>machine.rmw(BTR_32, eoiArea(self), EOI_BIT) & EOI_PENDING)) native.apic_eoi();
}
