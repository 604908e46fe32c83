/** What both sides of a session grant each other by HTTP/2's flow control (RFC 9113 section 5.2), and hold. */

/** What a channel may send before it is read, in bytes: covers 40 MB/s over a round trip of 100 ms. */
export const CHANNEL_WINDOW_BYTES = 4 * 1024 * 1024;
/** Of all channels together: none holds up another, since each has its own. */
export const SESSION_WINDOW_BYTES = 64 * 1024 * 1024;
/** What nghttp2 may hold, in MB; a session over a slow carrier has much on its way. */
export const MAX_SESSION_MEMORY_MB = 256;
/** Requests of one session at once. */
export const MAX_REQUESTS = 1024;
