// Real-time clock of the bare machine: MC146818 registers behind ports 0x70 (index) and 0x71 (data), in binary and 24 hours.
//   0x00 second · 0x02 minute · 0x04 hour · 0x07 day · 0x08 month · 0x09 year of the century · 0x32 century
//   0x0A status A: 0x26, never amid an update · 0x0B status B: 24 hours (2), binary (4) · others 0
// A pure function of the time, so that host halves can imitate the device with the same one.

export const PORT_RTC_INDEX: u32 = 0x70;
export const PORT_RTC_DATA: u32 = 0x71;

/** UTC at power-on: 1 January 2006. */
export const BOOT_UTC_S: u64 = 1_136_073_600;

const SECONDS_PER_DAY: u64 = 86_400;
const FIRST_YEAR: u32 = 1970;
const STATUS_A: u32 = 0x26;
const STATUS_B: u32 = 6;

/** Value of register `index` (bits 6:0) when UTC is `now` s. */
export function rtcRegister(index: u32, now: u64): u32 {
  const second = <u32>(now % SECONDS_PER_DAY);
  switch (index & 0x7f) {
    case 0x00: return second % 60;
    case 0x02: return (second / 60) % 60;
    case 0x04: return second / 3600;
    case 0x0a: return STATUS_A;
    case 0x0b: return STATUS_B;
    default: return date(index & 0x7f, <u32>(now / SECONDS_PER_DAY));
  }
}

function date(index: u32, days_since_1970: u32): u32 {
  let year = FIRST_YEAR;
  let day = days_since_1970;
  for (let length = yearDays(year); day >= length; length = yearDays(year)) {
    day -= length;
    year++;
  }
  let month: u32 = 1;
  for (let length = monthDays(month, year); day >= length; length = monthDays(month, year)) {
    day -= length;
    month++;
  }
  switch (index) {
    case 0x07: return day + 1;
    case 0x08: return month;
    case 0x09: return year % 100;
    case 0x32: return year / 100;
    default: return 0;
  }
}

function isLeap(year: u32): bool {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

function yearDays(year: u32): u32 {
  return isLeap(year) ? 366 : 365;
}

function monthDays(month: u32, year: u32): u32 {
  if (month == 2) return isLeap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}
