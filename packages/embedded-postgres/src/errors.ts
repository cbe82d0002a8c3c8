/** Why the embedded database can't run, in one sentence for whoever starts the server. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
  }
}

/** Another live server owns the database. */
export class OwnedByAnotherError extends EmbeddedPostgresError {}

/** The `code` of a system or PostgreSQL error, empty for anything else. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return '';
}

/** An error's message, or the value itself as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
