/** What each module may import and must export, in the notation of the VM's describe(): "(i32,i64)->(i64)". */
import { callable, exportName } from "../interface/catalogue.ts";
import { guestExports, halfInit, hostExports } from "../interface/halves.ts";
import { hostImports } from "../interface/host.ts";
import { machineImports } from "../interface/machine.ts";
import type { PartName } from "./types.ts";

type Signature = { params: readonly { type: string }[]; result: string };

/** "(i32,i64)->(i64)"; a void result is "()". */
export function typeText({ params, result }: Signature): string {
  return `(${params.map((param) => param.type).join(",")})->(${result === "void" ? "" : result})`;
}

type Named = Signature & { name: string };
const table = (list: readonly Named[]): ReadonlyMap<string, string> =>
  new Map(list.map((item) => [item.name, typeText(item)]));

const ops = callable.map((op) => ({ ...op, name: exportName(op.id) }));
const machine = table(machineImports);
const native = table([halfInit, ...ops.filter((op) => op.native)]);
const rom = new Map([
  ["call", "(i32,i64,i64,i64,i64,i64,i64)->(i64)"],
  ["get_reloc", "(i32)->(i32)"],
]);

/** Modules and functions each part may import, docs/abi.md. */
export const allowedImports: Readonly<Record<PartName, ReadonlyMap<string, ReadonlyMap<string, string>>>> = {
  guest: new Map([
    ["machine", machine],
    ["native", native],
    ["rom", rom],
  ]),
  rom: new Map([["machine", machine]]),
  host: new Map([["host", table(hostImports)]]),
};

/** Exports a part must have (docs/abi.md). */
export const requiredExports: Readonly<Record<PartName, ReadonlyMap<string, string>>> = {
  guest: table(guestExports.required),
  rom,
  host: table(hostExports.required),
};

/** Exports a part may have, whose type is then fixed. Others are ignored. */
export const optionalExports: Readonly<Record<PartName, ReadonlyMap<string, string>>> = {
  guest: table([...guestExports.optional, ...ops]),
  rom: new Map(),
  host: table(hostExports.optional),
};
