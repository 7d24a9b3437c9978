/** What each module may import and must export, in the notation of the VM's describe(): "(i32,i64)->(i64)". */
import { callable, exportName } from "../interface/catalogue.ts";
import { hostImports } from "../interface/host.ts";
import { machineImports } from "../interface/machine.ts";
import type { PartName } from "./types.ts";

type Signature = { params: readonly { type: string }[]; result: string };

/** "(i32,i64)->(i64)"; a void result is "()". */
export function typeText({ params, result }: Signature): string {
  return `(${params.map((param) => param.type).join(",")})->(${result === "void" ? "" : result})`;
}

const machine = new Map(machineImports.map((item) => [item.name, typeText(item)]));
const host = new Map(hostImports.map((item) => [item.name, typeText(item)]));
const halfInit: [string, string] = ["half_init", "(i64)->(i32)"];
const native = new Map([
  halfInit,
  ...callable.filter((op) => op.native).map((op): [string, string] => [exportName(op.id), typeText(op)]),
]);
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
  host: new Map([["host", host]]),
};

/** Exports a part must have (docs/abi.md). */
export const requiredExports: Readonly<Record<PartName, ReadonlyMap<string, string>>> = {
  guest: new Map([["abi", "()->(i64)"]]),
  rom,
  host: new Map([
    ["abi", "()->(i64)"],
    ["boot", "()->(i32)"],
    ["exit", "(i32,i32)->(i32)"],
  ]),
};

/** Exports a part may have, whose type is then fixed. Others are ignored. */
export const optionalExports: Readonly<Record<PartName, ReadonlyMap<string, string>>> = {
  guest: new Map([
    ["half_init", "(i64)->(i32)"],
    ...callable.map((op): [string, string] => [exportName(op.id), typeText(op)]),
  ]),
  rom: new Map(),
  host: new Map([
    ["enter", "(i32)->()"],
    ["sched", "(i32,i32)->()"],
    ["timer", "(i32,i32)->()"],
  ]),
};
