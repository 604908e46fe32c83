/** By message number (RFC 4250 section 4.1.2), shared by all connections. */
declare module 'ssh2/lib/protocol/handlers.js' {
  const handlers: (((protocol: object, payload: Buffer) => unknown) | undefined)[];
  export default handlers;
}
