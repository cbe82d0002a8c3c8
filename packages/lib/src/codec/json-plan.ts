import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

/**
 * In which order the fields of a message are written, and how a negative zero is:
 * - `canonical`: by number; `-0`, a number as any other;
 * - `stored`: by name, so that a database which sorts the names of objects leaves the text as it is; `"-0"`, which
 *   protobuf JSON allows too, since such a database would make a zero of the number.
 */
export type JsonForm = 'canonical' | 'stored';

/** How one value becomes text: of a field, of an element of a list, or of an entry of a map. */
export type ValuePlan = { readonly empty: string } & (
  | { readonly kind: 'string' | 'bool' | 'int32' | 'uint32' | 'timestamp' }
  | { readonly kind: 'float'; readonly negativeZero: string }
  /** Texts of the names by number. */
  | { readonly kind: 'enum'; readonly names: ReadonlyMap<number, string> }
  | { readonly kind: 'message'; readonly plan: () => MessagePlan }
);

/** How a field becomes text. */
export interface FieldPlan {
  /** In the order of the text. */
  readonly index: number;
  /** `"name":` */
  readonly label: string;
  readonly shape: 'single' | 'list' | 'map';
  readonly value: ValuePlan;
  /** What stands for the field when it is not on the wire; nothing when absent. */
  readonly absent: string | undefined;
  /** The indexes of the other members of its oneof. */
  readonly siblings: readonly number[];
}

/** How a message becomes text. */
export interface MessagePlan {
  readonly fields: readonly FieldPlan[];
  readonly byNumber: ReadonlyMap<number, FieldPlan>;
}

/** FieldPresence.IMPLICIT of the descriptors: a field that is not on the wire has its default. */
const IMPLICIT = 2;
const TIMESTAMP = 'google.protobuf.Timestamp';

const plans: Readonly<Record<JsonForm, WeakMap<DescMessage, MessagePlan>>> = {
  canonical: new WeakMap(),
  stored: new WeakMap(),
};

/** The plan of a message, made once. */
export function planMessage(descriptor: DescMessage, form: JsonForm): MessagePlan {
  const known = plans[form].get(descriptor);
  if (known !== undefined) return known;
  const sorted = descriptor.fields.toSorted(form === 'canonical' ? byNumber : byName);
  const planned = sorted.map((field, index) => [field.number, planField(field, { index, sorted, form })] as const);
  const plan = { fields: planned.map(([, field]) => field), byNumber: new Map(planned) };
  plans[form].set(descriptor, plan);
  return plan;
}

function byNumber(a: DescField, b: DescField): number {
  return a.number - b.number;
}

function byName(a: DescField, b: DescField): number {
  return a.name < b.name ? -1 : 1;
}

interface FieldPlace {
  readonly index: number;
  readonly sorted: readonly DescField[];
  readonly form: JsonForm;
}

function planField(field: DescField, { index, sorted, form }: FieldPlace): FieldPlan {
  const { oneof } = field;
  const members = oneof === undefined ? [] : sorted.filter((other) => other !== field && other.oneof === oneof);
  const value = planValue(field, form);
  return {
    index,
    label: `${JSON.stringify(field.name)}:`,
    shape: field.fieldKind === 'list' || field.fieldKind === 'map' ? field.fieldKind : 'single',
    value,
    absent: absentText(field, value),
    siblings: members.map((member) => sorted.indexOf(member)),
  };
}

function absentText(field: DescField, { empty }: ValuePlan): string | undefined {
  if (field.fieldKind === 'list') return '[]';
  if (field.fieldKind === 'map') return '{}';
  if (field.fieldKind === 'message') return field.oneof === undefined ? 'null' : undefined;
  return field.presence === IMPLICIT ? empty : undefined;
}

function planValue(field: DescField, form: JsonForm): ValuePlan {
  if (field.message?.typeName === TIMESTAMP) return { kind: 'timestamp', empty: '"1970-01-01T00:00:00Z"' };
  if (field.message !== undefined) {
    const { message } = field;
    // Empty messages stand in maps only.
    const empty = field.fieldKind === 'map' ? emptyText(planMessage(message, form)) : '';
    return { kind: 'message', plan: () => planMessage(message, form), empty };
  }
  if (field.enum !== undefined) return planEnum(field.enum);
  switch (field.scalar) {
    case ScalarType.STRING:
      return { kind: 'string', empty: '""' };
    case ScalarType.BOOL:
      return { kind: 'bool', empty: 'false' };
    case ScalarType.INT32:
      return { kind: 'int32', empty: '0' };
    case ScalarType.UINT32:
      return { kind: 'uint32', empty: '0' };
    case ScalarType.FLOAT:
      return { kind: 'float', empty: '0', negativeZero: form === 'canonical' ? '-0' : '"-0"' };
    default:
      throw new Error(`the contract has no fields of the type of ${field.name}`);
  }
}

function planEnum({ values }: DescEnum): ValuePlan {
  const names = new Map(values.map(({ number, name }) => [number, JSON.stringify(name)]));
  return { kind: 'enum', names, empty: names.get(0) ?? '0' };
}

function emptyText({ fields }: MessagePlan): string {
  const parts = fields.flatMap(({ label, absent }) => (absent === undefined ? [] : [`${label}${absent}`]));
  return `{${parts.join(',')}}`;
}
