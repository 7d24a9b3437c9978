// Refusals of load, link and unit_begin as JSON in the error buffer:
// {"code":"E_…","message":"…","offset":n|null,"function":n|null,"role":"guest"|null}
import { E_INIT, E_INVALID, E_LIMIT, E_LINK, E_MALFORMED, E_MEMORY, E_UNSUPPORTED, engineError } from "../engine/errors";
import { close, errorClose, errorOpen, key, nullValue, numberValue, open, put, putEscaped, putI64, wordValue } from "./text";

/** 1 = refused; what the exports answer. */
export const REFUSED: u32 = 1;

/** Opens the message: follow with put… calls and errorEnd. */
export function errorBegin(code: string, role: i32, offset: i32, func: i32): void {
  errorOpen();
  open("{");
  key("code");
  wordValue(code);
  key("role");
  if (role < 0) nullValue();
  else wordValue(roleName(role));
  key("offset");
  if (offset < 0) nullValue();
  else numberValue(offset);
  key("function");
  if (func < 0) nullValue();
  else numberValue(func);
  key("message");
  put('"');
}

export function errorEnd(): u32 {
  put('"');
  close("}");
  errorClose();
  return REFUSED;
}

/** A refusal whose message is one literal. */
export function refuse(code: string, role: i32, message: string): u32 {
  errorBegin(code, role, -1, -1);
  put(message);
  return errorEnd();
}

/** A refusal that names something: message, then the name in quotes, then the advice. */
export function refuseName(code: string, role: i32, message: string, name: usize, length: u32, advice: string): u32 {
  errorBegin(code, role, -1, -1);
  put(message);
  put(" '");
  putEscaped(name, length < 200 ? length : 200);
  put("'");
  put(advice);
  return errorEnd();
}

/** A refusal with a number in the middle. */
export function refuseNumber(code: string, message: string, value: i64, advice: string): u32 {
  errorBegin(code, -1, -1, -1);
  put(message);
  putI64(value);
  put(advice);
  return errorEnd();
}

/** The engine's last failure, as a refusal of the module of this role. */
export function refuseEngine(role: i32): u32 {
  const error = engineError();
  errorBegin(engineCode(error.code), role, error.offset, error.func);
  putEscaped(error.textPtr, error.textLen);
  return errorEnd();
}

function engineCode(code: u32): string {
  if (code == E_MALFORMED) return "E_MALFORMED";
  if (code == E_INVALID) return "E_INVALID";
  if (code == E_UNSUPPORTED) return "E_UNSUPPORTED";
  if (code == E_LIMIT) return "E_LIMIT";
  if (code == E_MEMORY) return "E_MEMORY";
  if (code == E_LINK) return "E_LINK";
  return code == E_INIT ? "E_INIT" : "E_ENGINE";
}

/** Name of a module role, as errors and outcomes use it. */
export function roleName(role: u32): string {
  if (role == 0) return "kernel";
  if (role == 1) return "native";
  if (role == 2) return "guest";
  return role == 3 ? "rom" : "host";
}
