/** How Go's protobuf library refuses what it cannot parse. The space after the colon is a no-break space. */
export const CANNOT_PARSE = 'proto:\u00a0cannot parse invalid wire-format data';
