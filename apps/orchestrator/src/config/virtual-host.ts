/** The virtual host that an AMQP connection string leads to; `/` when it names none. */
export function virtualHostOf(amqpUrl: string | undefined): string {
  const path = amqpUrl === undefined ? '' : new URL(amqpUrl).pathname.slice(1);
  return path === '' ? '/' : decodeURIComponent(path);
}
