/** A field of a message, as the frozen contract writes it. */
export interface ContractField {
  readonly number: number;
  /** `string`, `orchestrator.Model`, `repeated …`, `map<string, …>`. */
  readonly type: string;
  readonly oneof?: string;
}

/** Reserved numbers, ranges of them (first and last) and names. */
export type Reserved = readonly (number | string | readonly [number, number])[];

export interface ContractMessage {
  readonly fields: Readonly<Record<string, ContractField>>;
  readonly reserved?: Reserved;
}

export interface ContractEnum {
  readonly values: Readonly<Record<string, number>>;
  readonly reserved?: Reserved;
}

export interface ContractMethod {
  readonly request: string;
  readonly response: string;
  readonly server_streaming?: boolean;
  readonly deprecated?: boolean;
}

/** The wire contract that existing clients were built against: `proto/contract/wire.json`. */
export interface Contract {
  readonly package: string;
  readonly syntax: string;
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly enums: Readonly<Record<string, ContractEnum>>;
  readonly messages: Readonly<Record<string, ContractMessage>>;
  readonly services: Readonly<Record<string, Readonly<Record<string, ContractMethod>>>>;
}
