/** What our connection says while one waits, of its own accord and by banners: on a busy computer any may take long. */
const WAITS =
  /^(cloud-sandboxes: )?(Waiting for|Connecting to|Starting the agent in|Starting sandbox) .*\r?\n/gm;

/** What ssh said, the same for a slow connection as for a quick one. */
export function withoutWaits(text: string): string {
  return text.replace(WAITS, '');
}
