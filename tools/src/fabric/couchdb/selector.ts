import { isList, isObject, type JsonObject, type JsonValue } from './json-text.ts';
import { areEqual, compareValues } from './order.ts';

type Value = JsonValue | undefined;
type Operator = (value: Value, operand: JsonValue) => boolean;

/** The operators of Mango, CouchDB's query language, that Fabric's users need. */
const operators: Readonly<Record<string, Operator>> = {
  $and: (value, list) => items(list).every((one) => matches(one, value)),
  $or: (value, list) => items(list).some((one) => matches(one, value)),
  $nor: (value, list) => !items(list).some((one) => matches(one, value)),
  $not: (value, selector) => !matches(selector, value),
  $eq: (value, operand) => areEqual(value, operand),
  $ne: (value, operand) => value !== undefined && !areEqual(value, operand),
  $gt: (value, operand) => (compareValues(value, operand) ?? 0) > 0,
  $gte: (value, operand) => (compareValues(value, operand) ?? -1) >= 0,
  $lt: (value, operand) => (compareValues(value, operand) ?? 0) < 0,
  $lte: (value, operand) => (compareValues(value, operand) ?? 1) <= 0,
  $in: (value, list) => items(list).some((one) => (isList(value) ? value.some((own) => areEqual(own, one)) : areEqual(value, one))),
  $nin: (value, list) => value !== undefined && !items(list).some((one) => areEqual(value, one)),
  $exists: (value, wanted) => (value !== undefined) === (wanted === true),
  $elemMatch: (value, selector) => isList(value) && value.some((one) => matches(selector, one)),
  $all: (value, list) => isList(value) && items(list).every((one) => value.some((own) => areEqual(own, one))),
  $regex: (value, pattern) => typeof value === 'string' && typeof pattern === 'string' && new RegExp(pattern, 'u').test(value),
};

/** @throws Error for an operator that the stand-in does not know. */
export function matches(selector: JsonValue, value: Value): boolean {
  if (!isObject(selector)) return areEqual(value, selector);
  return Object.entries(selector).every(([name, operand]) => {
    if (!name.startsWith('$')) return matches(operand, at(value, name));
    const operator = operators[name];
    if (operator === undefined) throw new Error(`unknown operator ${name}`);
    return operator(value, operand);
  });
}

/** The value at a path of names joined by dots. */
export function at(value: Value, path: string): Value {
  return path.split('.').reduce<Value>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

/** Only the named fields of a document. */
export function project(document: JsonObject, paths: readonly string[]): JsonObject {
  const result: Record<string, JsonValue> = {};
  for (const path of paths) {
    const value = at(document, path);
    if (value !== undefined) place(result, path.split('.'), value);
  }
  return result;
}

function place(target: Record<string, JsonValue>, [name = '', ...rest]: readonly string[], value: JsonValue): void {
  if (rest.length === 0) {
    target[name] = value;
    return;
  }
  const inner: Record<string, JsonValue> = { ...(isObject(target[name]) ? target[name] : {}) };
  place(inner, rest, value);
  target[name] = inner;
}

function items(list: JsonValue): readonly JsonValue[] {
  return isList(list) ? list : [];
}
