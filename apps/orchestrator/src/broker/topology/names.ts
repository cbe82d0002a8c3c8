/** AMQP's short strings: names and routing keys. */
const MAX_NAME_BYTES = 255;

/**
 * Why a channel cannot have an exchange of its name and be a routing key, to follow its name; undefined when it can.
 *
 * @param entryExchange the exchange that all events go to.
 */
export function channelNameFault(channel: string, entryExchange: string): string | undefined {
  if (channel === entryExchange) return 'is the name of the exchange that all events go to: call one of them otherwise';
  // As words of a binding key these match other channels too: their events would reach organizations outside of them.
  const wildcard = channel.split('.').find((word) => word === '*' || word === '#');
  if (wildcard !== undefined) return `has the word "${wildcard}", which the broker takes for any channel: rename it`;
  return nameFault(channel);
}

/** Why an organization cannot have a queue and a user of its name, to follow its name; undefined when it can. */
export function organizationNameFault(organization: string): string | undefined {
  return nameFault(organization);
}

function nameFault(name: string): string | undefined {
  if (name === '' || Buffer.byteLength(name) > MAX_NAME_BYTES) return 'is no name of 1 to 255 bytes: rename it';
  if (name.startsWith('amq.')) return 'begins with "amq.", which the broker keeps for itself: rename it';
  // In a URL these are folders, escaped or not.
  if (name === '.' || name === '..') return "cannot stand in the management API's URLs: rename it";
  return undefined;
}
