/** The database's schema cannot be used or changed. The message is for the operator and says what to do. */
export class SchemaError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SchemaError';
  }
}
