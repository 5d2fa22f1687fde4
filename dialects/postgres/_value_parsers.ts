/** Reads a value from the text that PostgreSQL has for it. */
export type Parser = (text: string) => unknown;

const asIs: Parser = (text) => text;

/** By the OID of a type, https://www.postgresql.org/docs/current/catalog-pg-type.html */
const PARSERS: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [16, (text) => text === "t"],
  [17, bytes],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, JSON.parse],
  [700, Number],
  [701, Number],
  [1082, time],
  [1114, time],
  [1184, time],
  [3802, JSON.parse],
]);

/** The types of arrays, to those of their elements. */
const ELEMENTS: ReadonlyMap<number, number> = new Map([
  [199, 114],
  [1000, 16],
  [1001, 17],
  [1005, 21],
  [1007, 23],
  [1009, 25],
  [1015, 1043],
  [1016, 20],
  [1021, 700],
  [1022, 701],
  [1028, 26],
  [1115, 1114],
  [1182, 1082],
  [1185, 1184],
  [1231, 1700],
  [2951, 2950],
  [3807, 3802],
]);

/** Returns what reads the values of a type: as `pg` does, but bytes as a `Uint8Array`. */
export function parserOf(
  oid: number,
  own: Readonly<Record<number, Parser>> | undefined,
): Parser {
  if (own !== undefined && Object.hasOwn(own, oid)) return own[oid]!;
  const element = ELEMENTS.get(oid);
  if (element === undefined) return PARSERS.get(oid) ?? asIs;
  const parse = parserOf(element, own);
  return (text) => arrayOf(text, parse);
}

function bytes(text: string): Uint8Array {
  const hex = text.startsWith("\\x") ? text.slice(2) : "";
  return Uint8Array.from(
    { length: hex.length / 2 },
    (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}

const TIME =
  /^(\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?(?:([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?( BC)?$/;

/** A time as a `Date`, in the zone of the process where it has none; what has no `Date` stays text. */
function time(text: string): unknown {
  if (text === "infinity") return Infinity;
  if (text === "-infinity") return -Infinity;
  const found = TIME.exec(text);
  if (found === null) return text;
  const [, y, month, day, hour = "0", minute = "0", second = "0", fraction = "", sign] = found;
  const [zoneHour = "0", zoneMinute = "0", zoneSecond = "0", era] = found.slice(9);
  const year = era === undefined ? Number(y) : 1 - Number(y);
  const ms = Math.floor(Number(fraction.padEnd(6, "0")) / 1_000);
  const date = new Date(0);
  if (sign === undefined) {
    date.setFullYear(year, Number(month) - 1, Number(day));
    date.setHours(Number(hour), Number(minute), Number(second), ms);
    return date;
  }
  const offset = Number(zoneHour) * 3_600 + Number(zoneMinute) * 60 + Number(zoneSecond);
  date.setUTCFullYear(year, Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second), ms);
  return new Date(date.getTime() - (sign === "-" ? -1 : 1) * offset * 1_000);
}

/** Reads an array, of arrays as well: `{1,NULL,"a \"b\""}`, with its bounds before it where they are not 1. */
function arrayOf(text: string, parse: Parser): unknown[] {
  let at = text.indexOf("{");
  const list = (): unknown[] => {
    const items: unknown[] = [];
    at++;
    while (at < text.length && text[at] !== "}") {
      if (text[at] === ",") at++;
      if (text[at] === "{") items.push(list());
      else if (text[at] === '"') items.push(parse(quoted()));
      else {
        const word = bare();
        items.push(word === "NULL" ? null : parse(word));
      }
    }
    at++;
    return items;
  };
  const quoted = (): string => {
    let value = "";
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === "\\") at++;
      value += text[at];
    }
    at++;
    return value;
  };
  const bare = (): string => {
    const start = at;
    while (at < text.length && text[at] !== "," && text[at] !== "}") at++;
    return text.slice(start, at);
  };
  return list();
}
